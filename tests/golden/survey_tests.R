# Golden numbers of contrasts, t tests, rank tests, standardised rates and the Gini coefficient.
# Run: Rscript tests/golden/survey_tests.R   (Debian: r-base-core, r-cran-survey)
# Data and designs: survey_designs.R. Output: survey_tests_expected.csv, survey_tests_versions.txt.
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))); source(file.path(here, "survey_designs.R"))

# --- contrasts -------------------------------------------------------------------------------------------
contrast <- function(design, case, stat, what) {
  result <- svycontrast(stat, what)
  terms <- if (is.null(names(coef(result)))) "contrast" else names(coef(result))
  v <- as.matrix(vcov(result)); estimate <- as.numeric(coef(result))
  for (i in seq_along(estimate)) {
    out$put(design, case, "", terms[i], "", "estimate", estimate[i]); out$put(design, case, "", terms[i], "", "se", sqrt(v[i, i]))
    for (j in seq_len(i - 1)) out$put(design, case, "", terms[i], terms[j], "cov", v[i, j])
  }
}
for (name in c("dsrs", "dstrat", "dstrat_wr", "dclus1", "dclus1_wr", "dclus2", "dclus2_wr")) {
  d <- designs[[name]]
  contrast(name, "c_linear", svymean(~api00 + api99, d), list(change = c(api00 = 1, api99 = -1), middle = c(api00 = 0.5, api99 = 0.5)))
  contrast(name, "c_ratio", svymean(~api00 + api99, d), quote(api00 / api99))
  contrast(name, "c_smooth", svymean(~api00 + api99, d), quote(log(api00) * sqrt(api99) - exp(api00 / 1000) + api99^2 / 1e4 - 2))
  contrast(name, "c_names", svytotal(~api.stu + target, d, na.rm = TRUE), quote(api.stu / target))
  by <- svyby(~api00, ~stype, d, svymean, covmat = TRUE)
  contrast(name, "c_domains", by, list(EH = c(E = 1, H = -1), HM = c(H = 1, M = -1)))
  contrast(name, "c_domain_ratio", by, quote((E - H) / M))
  by <- svyby(~api00 + api99, ~stype, d, svytotal, covmat = TRUE)
  contrast(name, "c_several", by, quote(`E:api00` / `E:api99` - `H:api00` / `H:api99`))
  contrast(name, "c_levels", svymean(~stype, d), quote(stypeE / (1 - stypeH)))
}
nhanes_domains <- svyby(~HI_CHOL, ~race, subset(designs$dnhanes, !is.na(HI_CHOL)), svymean, covmat = TRUE) # 4.1-1: not with na.rm
contrast("dnhanes", "c_nhanes", nhanes_domains, list(a = c("1" = 1, "2" = -1), b = c("1" = -1, "3" = 1, "4" = 0)))
contrast("dnhanes", "c_nhanes_odds", nhanes_domains, quote(log(`1` / (1 - `1`)) - log(`2` / (1 - `2`))))

# --- tests -----------------------------------------------------------------------------------------------
ttest <- function(design, case, formula) {
  t <- svyttest(formula, designs[[design]], na.rm = TRUE); limits <- confint(t)
  values <- c(statistic = t$statistic[[1]], df = t$parameter[[1]], p_value = t$p.value[[1]], estimate = t$estimate[[1]],
              se = t$estimate[[1]] / t$statistic[[1]], ci_low = limits[1], ci_high = limits[2])
  for (what in names(values)) out$put(design, case, "", "", "", what, values[[what]])
}
ranktest <- function(design, case, formula, test) {
  r <- tryCatch(svyranktest(formula, designs[[design]], test = test), error = conditionMessage)
  if (is.character(r)) { message(design, " ", case, ": ", r); return() } # a group whose scores are all alike
  values <- if (is.null(r$ddf)) c(statistic = r$statistic[[1]], df = r$parameter[[1]], p_value = r$p.value[[1]], estimate = r$estimate[[1]])
    else c(statistic = r$parameter[[1]], df = r$statistic[[1]], df_residual = r$ddf[[1]], p_value = r$p.value[[1]]) # R's names are swapped
  for (what in names(values)) out$put(design, case, "", "", "", what, values[[what]])
}
upper <- function(r, N) as.numeric(r > 0.75 * N)
ranks <- function(design, case, formula) {
  for (test in c("wilcoxon", "vanderWaerden", "median", "KruskalWallis")) ranktest(design, paste0(case, "_", test), formula, test)
  ranktest(design, paste0(case, "_upper"), formula, upper)
}
for (name in c("dsrs", "dstrat", "dstrat_wr", "dclus1", "dclus1_wr", "dclus2", "dclus2_wr")) {
  ttest(name, "t_two", enroll ~ comp.imp)
  ttest(name, "t_log", log(enroll) ~ comp.imp)
  ttest(name, "t_paired", I(api00 - api99) ~ 0)
  ttest(name, "t_one", api00 ~ 0)
  ranks(name, "r_two", enroll ~ comp.imp); ranks(name, "r_ties", ell ~ comp.imp); ranks(name, "r_groups", enroll ~ stype); ranks(name, "r_tied_groups", meals ~ stype)
}
for (name in c("dstrat", "dclus1", "dclus2", "dclus2_wr")) for (type in c("E", "H", "M")) {
  part <- subset(designs[[name]], stype == type)
  for (case in c("t_domain", "r_domain")) {
    t <- if (case == "t_domain") svyttest(enroll ~ comp.imp, part) else svyranktest(enroll ~ comp.imp, part, test = "vanderWaerden")
    values <- c(statistic = t$statistic[[1]], df = t$parameter[[1]], p_value = t$p.value[[1]], estimate = t$estimate[[1]])
    for (what in names(values)) out$put(name, case, type, "", "", what, values[[what]])
  }
}
ttest("dnhanes", "t_nhanes", HI_CHOL ~ RIAGENDR)
ttest("dnhanes", "t_nhanes_one", HI_CHOL ~ 0)
for (name in c("own_blocks", "own_blocks_wr", "own_two")) {
  ttest(name, "t_own", `食費.月` ~ `性別`); ttest(name, "t_own_missing", `塩分.g` ~ `独居`)
  ranks(name, "r_own", `塩分.g` ~ `性別`); ranks(name, "r_own_groups", `満足` ~ `外食`); ranks(name, "r_own_real", `体 重` ~ `独居`)
}

# --- standardised rates ----------------------------------------------------------------------------------
standard <- function(design, case, stat, by) {
  for (i in seq_along(by)) { out$put(design, case, by[i], "", "", "estimate", coef(stat)[i]); out$put(design, case, by[i], "", "", "se", SE(stat)[i]) }
}
population <- c(55901, 77670, 72816, 45364)
nhanes_standard <- svystandardize(designs$dnhanes, by = ~agecat, over = ~ race + RIAGENDR, population = population, excluding.missing = ~HI_CHOL)
rates <- svyby(~HI_CHOL, ~ race + RIAGENDR, nhanes_standard, svymean, na.rm = TRUE)
standard("dnhanes", "s_over", rates, paste(rates$race, rates$RIAGENDR, sep = ":"))
nhanes_standard <- svystandardize(designs$dnhanes, by = ~agecat, over = ~1, population = population, excluding.missing = ~HI_CHOL)
standard("dnhanes", "s_all", svymean(~HI_CHOL, nhanes_standard, na.rm = TRUE), "")
for (name in c("dstrat", "dclus1", "dclus1_wr")) {
  d <- svystandardize(designs[[name]], by = ~stype, over = ~comp.imp, population = c(4421, 755, 1018))
  rates <- svyby(~api00, ~comp.imp, d, svymean); standard(name, "s_api", rates, as.character(rates$comp.imp))
}
# --- Gini: no function of R survey; by its definition in double sums, the error as that of a total -----------------
for (name in c("dsrs", "dstrat", "dclus1", "dclus1_wr", "dclus2", "dclus2_wr")) {
  d <- designs[[name]]; y <- d$variables$api.stu; w <- weights(d)
  apart <- as.numeric(abs(outer(y, y, "-")) %*% w); N <- sum(w); Y <- sum(w * y)
  gini <- sum(w * apart) / (2 * N * Y)
  total <- svytotal(~z, update(d, z = apart / (N * Y) - gini * (1 / N + y / Y)))
  out$put(name, "g_gini", "", "", "", "estimate", gini); out$put(name, "g_gini", "", "", "", "se", SE(total))
}
out$save("survey_tests")
