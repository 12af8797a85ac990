# Golden numbers for tests/test_analysis/test_analysis_tables_golden.py.
# Run: Rscript tests/golden/survey_tables.R   (Debian: r-base-core, r-cran-survey)
# Output: survey_tables_expected.csv, one row a number; survey_tables_versions.txt.
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))); source(file.path(here, "survey_designs.R"))
rename <- function(d, ...) { # columns of a formula under plain names, rows with a missing value left out
  names <- c(...)
  for (i in seq_along(names)) d$variables[[paste0("v", i)]] <- d$variables[[names[i]]]
  keep <- complete.cases(d$variables[paste0("v", seq_along(names))])
  if (!all(keep)) d <- d[keep, ]
  d
}
factors <- function(d, k) { for (i in seq_len(k)) d$variables[[paste0("v", i)]] <- factor(d$variables[[paste0("v", i)]]); d }
pair <- function(name, s, case, by, names, what) for (i in seq_along(names)) {
  out$put(name, case, by, names[i], "", what, coef(s)[i]); out$put(name, case, by, names[i], "", paste0(what, "_se"), SE(s)[i])
}
tests <- c("F", "Chisq", "Wald", "adjWald", "lincom", "saddlepoint")
association <- function(name, case, d, which = tests) {
  out$put(name, case, "", "", "", "n", nrow(d$variables))
  for (s in which) {
    r <- suppressWarnings(svychisq(~v1 + v2, d, statistic = s))
    out$put(name, case, "", "", s, "statistic", r$statistic); out$put(name, case, "", "", s, "p_value", r$p.value)
    for (i in seq_along(r$parameter)) out$put(name, case, "", "", s, c("df", "df_residual")[i], r$parameter[i])
  }
}
crosstab <- function(name, a, b, d = designs[[name]], mark = "", which = tests, shares = TRUE) {
  d <- factors(rename(d, a, b), 2); case <- paste("crosstab", a, b, mark, sep = "|")
  if (shares) {
    l1 <- levels(d$variables$v1); l2 <- levels(d$variables$v2)
    d$variables$cell <- factor(paste(d$variables$v1, d$variables$v2, sep = "|"), levels = as.vector(t(outer(l1, l2, paste, sep = "|"))))
    cells <- levels(d$variables$cell)
    pair(name, svytotal(~cell, d), case, "", cells, "total"); pair(name, svymean(~cell, d), case, "", cells, "share")
    pair(name, svytotal(~v1, d), case, "", l1, "row_margin"); pair(name, svymean(~v2, d), case, "", l2, "column_share")
    for (v in l1) { part <- subset(d, v1 == v); pair(name, svymean(~v2, part), case, v, l2, "row"); out$put(name, case, v, "", "", "row_df", degf(part)) }
    for (v in l2) pair(name, svymean(~v1, subset(d, v2 == v)), case, v, l1, "column")
  }
  association(name, case, d, which)
}
crosstab("dsrs", "stype", "sch.wide")
crosstab("dstrat", "yr.rnd", "sch.wide"); crosstab("dstrat", "sch.wide", "awards", mark = "cells"); crosstab("dstrat", "stype", "awards")
crosstab("dclus1", "sch.wide", "stype"); crosstab("dclus1", "stype", "awards"); crosstab("dclus1_wr", "sch.wide", "stype")
crosstab("dclus2", "sch.wide", "stype"); crosstab("dclus2", "stype", "awards"); crosstab("dclus2_wr", "sch.wide", "stype")
crosstab("dnhanes", "HI_CHOL", "race"); crosstab("dnhanes", "agecat", "RIAGENDR"); crosstab("dnhanes", "race", "agecat", which = tests[c(1, 2, 3, 5, 6)])
crosstab("own_blocks", "外食", "性別"); crosstab("own_blocks", "外食", "満足", which = tests[c(1, 2, 5, 6)])
crosstab("own_two", "独居", "外食"); crosstab("own_three", "性別", "外食"); crosstab("own_blocks_wr", "独居", "満足")
with_grade <- function(d) update(d, grade = ifelse(stype == "H", "z", ifelse(api00 > 650, "x", "y")))
crosstab("dclus1", "grade", "stype", with_grade(designs$dclus1), "grade") # four of nine cells empty
crosstab("dclus1", "sch.wide", "comp.imp", subset(designs$dclus1, stype != "H"), "notH")
crosstab("dclus2", "sch.wide", "comp.imp", subset(designs$dclus2, stype != "H"), "notH")
for (v in c("E", "H", "M")) crosstab("dclus1", "sch.wide", "comp.imp", subset(designs$dclus1, stype == v), v, shares = FALSE)
crosstab("dnhanes", "HI_CHOL", "race", subset(designs$dnhanes, RIAGENDR == 1), "men")
women <- designs$own_two[designs$own_two$variables[["性別"]] == "女", ]
crosstab("own_two", "外食", "独居", women, "women")
for (rule in lonely_rules) lonely_rule(rule, crosstab("own_lonely", "外食", "性別", mark = rule, which = "F", shares = FALSE))
lonely_rule("certainty", crosstab("own_lonely", "独居", "満足", mark = "certainty", shares = FALSE))
counties <- function(d) update(d, won = ifelse(Bush > Kerry, "Bush", "Kerry"), size = ifelse(votes > 200000, "large", ifelse(votes > 50000, "middle", "small")))
for (name in c("pps_brewer", "pps_overton_yg", "pps_hr_yg", "pps_joint_yg")) crosstab(name, "won", "size", counties(designs[[name]]), "county")

fit <- function(name, a, p, d = designs[[name]], mark = "") {
  d <- factors(rename(d, a), 1); names <- levels(d$variables$v1)
  levels(d$variables$v1) <- letters[seq_along(names)] # the function's result hangs on the alphabet where levels do not follow it
  r <- svygofchisq(~v1, p = p, d); case <- paste("gof", a, mark, sep = "|")
  out$put(name, case, "", "", "", "statistic", r$statistic); out$put(name, case, "", "", "", "scale", r$parameter[1])
  out$put(name, case, "", "", "", "df", r$parameter[2]); out$put(name, case, "", "", "", "p_value", r$p.value)
  for (i in seq_along(p)) out$put(name, case, "", names[i], "", "p", p[i])
}
fit("dclus1", "stype", c(.7, .15, .15)); fit("dclus2", "stype", c(1, 1, 1)); fit("dsrs", "stype", c(.6, .2, .2))
fit("dnhanes", "race", c(.14, .64, .13, .09)); fit("dnhanes", "HI_CHOL", c(.88, .12)); fit("own_two", "外食", c(1, 2, 3, 4))
fit("dclus1", "stype", c(.8, .1, .1), subset(designs$dclus1, sch.wide == "Yes"), "met")

kappa <- function(name, a, b, d = designs[[name]], mark = "") {
  r <- svykappa(~v1 + v2, factors(rename(d, a, b), 2)); case <- paste("kappa", a, b, mark, sep = "|")
  out$put(name, case, "", "", "", "estimate", coef(r)); out$put(name, case, "", "", "", "se", SE(r))
}
kappa("dclus1", "sch.wide", "comp.imp"); kappa("dclus2", "comp.imp", "both"); kappa("dstrat", "awards", "sch.wide")
kappa("dclus1", "grade", "stype2", update(with_grade(designs$dclus1), stype2 = c(E = "x", H = "z", M = "y")[as.character(stype)]), "grade")
kappa("own_two", "独居", "older", update(designs$own_two, older = as.integer(`年齢` > 80)), "older")
kappa("dclus1", "sch.wide", "comp.imp", subset(designs$dclus1, stype != "H"), "notH")

alpha <- function(name, items) {
  d <- do.call(rename, c(list(designs[[name]]), as.list(items)))
  r <- svycralpha(as.formula(paste("~", paste0("v", seq_along(items), collapse = "+"))), d)
  out$put(name, paste(c("alpha", items), collapse = "|"), "", "", "", "estimate", r)
}
alpha("dclus1", c("ell", "mobility", "meals")); alpha("dstrat", c("api00", "api99")); alpha("dclus2", c("api00", "api99", "enroll", "full"))
alpha("own_two", c("年齢", "体 重", "塩分.g"))

items <- c("sch.wide", "comp.imp", "awards", "both")
answers <- function(name) {
  d <- designs[[name]]; for (i in seq_along(items)) d$variables[[paste0("i", i)]] <- as.integer(d$variables[[items[i]]] == "Yes")
  d$variables$count <- with(d$variables, i1 + i2 + i3 + i4); d <- d[d$variables$count > 0, ]; case <- "answers"
  one <- function(part, by) {
    pair(name, svymean(~i1 + i2 + i3 + i4, part), case, by, items, "persons"); pair(name, svymean(~count, part), case, by, "count", "mean_count")
    for (i in seq_along(items)) { r <- svyratio(as.formula(paste0("~i", i)), ~count, part); out$put(name, case, by, items[i], "", "answers", coef(r)); out$put(name, case, by, items[i], "", "answers_se", SE(r)) }
  }
  one(d, ""); for (v in c("E", "H", "M")) one(d[d$variables$stype == v, ], v)
  for (i in seq_along(items)) { d2 <- rename(d, "stype", paste0("i", i)); d2 <- factors(d2, 2); if (nlevels(d2$variables$v2) > 1) for (s in tests[1:4]) { r <- svychisq(~v1 + v2, d2, statistic = s); out$put(name, case, "", items[i], s, "p_value", r$p.value) } }
}
answers("dstrat"); answers("dclus1"); answers("dclus2")
out$save("survey_tables")
