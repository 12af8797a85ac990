# Golden numbers for tests/test_analysis/test_analysis_designs_golden.py.
# Run: Rscript tests/golden/survey_designs_numbers.R   (Debian: r-base-core, r-cran-survey)
# Input: the designs of survey_designs.R. Output: survey_designs_expected.csv, survey_designs_versions.txt.
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))); source(file.path(here, "survey_designs.R"))
# variables of each table: numeric, ratio, levels, by, with missing values, condition of a domain
plans <- list(
  api = list(v = c("api00", "api99"), r = c("api.stu", "api00"), f = "stype", g = "comp.imp", m = "acs.46", s = quote(api99 > 600)),
  clus2 = list(v = c("api00", "api99"), r = c("api.stu", "enroll"), f = "stype", g = "comp.imp", m = "enroll", s = quote(api99 > 600)),
  nhanes = list(v = c("RIAGENDR", "race"), r = c("race", "RIAGENDR"), f = "agecat", g = "agecat", m = "HI_CHOL", s = quote(race == 2)),
  hospital = list(v = "births", g = "oblevel"),
  mu284 = list(v = c("y1", "id2"), r = c("y1", "id2"), s = quote(y1 > 40)),
  scd = list(v = c("arrests", "alive"), r = c("alive", "arrests"), g = "ESA"),
  yrbs = list(v = "weight", m = "qn8", g = "stratum", no_deff = TRUE), # weights scaled to the sample: no deff by stratum
  election = list(v = c("Bush", "Kerry"), r = c("Bush", "votes"), f = "g", g = "g", s = quote(votes > 100000)),
  own = list(v = c("食費.月", "体 重"), r = c("食費.月", "体 重"), f = "外食", g = "性別", m = "塩分.g", s = quote(`年齢` >= 75))
)
plan_of <- function(name) {
  if (name %in% c("dclus2", "dclus2_wr")) plans$clus2
  else if (grepl("^ds(rs|trat)|^dclus1", name)) plans$api
  else if (grepl("own_overton", name)) within(plans$own, rm(m)) # na.rm=TRUE fails in R for clusters with joint probabilities
  else if (grepl("own", name)) plans$own
  else if (grepl("^pps", name)) plans$election
  else plans[[sub("^d", "", name)]]
}
terms <- function(columns) as.formula(paste("~", paste0("`", columns, "`", collapse = " + ")))
plain <- function(names) gsub("`", "", names)
row_of <- function(design, case, s, by = "", df = NA) {
  names <- plain(names(coef(s))); se <- SE(s); effect <- attr(s, "deff")
  if (!is.null(effect)) effect <- diag(as.matrix(effect))
  for (i in seq_along(names)) {
    out$put(design, case, by, names[i], "", "estimate", coef(s)[i]); out$put(design, case, by, names[i], "", "se", se[i])
    if (!is.null(effect)) out$put(design, case, by, names[i], "", "deff", effect[i])
    if (!is.na(df)) out$put(design, case, by, names[i], "", "df", df)
  }
}
covariance <- function(design, case, s) {
  v <- vcov(s); names <- plain(rownames(v))
  for (i in seq_len(nrow(v))) for (j in seq_len(i)) out$put(design, case, "", names[i], names[j], "cov", v[i, j])
}
ratio_row <- function(design, case, r, d, by = "") {
  s <- svyratio(terms(r[1]), terms(r[2]), d, na.rm = anyNA(d$variables[, r]))
  out$put(design, case, by, paste(r, collapse = "/"), "", "estimate", coef(s)); out$put(design, case, by, paste(r, collapse = "/"), "", "se", SE(s))
}
values_of <- function(d, g) { v <- d$variables[[g]]; if (is.factor(v)) levels(v) else sort(unique(v)) }
# with joint probabilities "[" fails, and of clusters subset() too: there a row outside gets weight 0, which is the same
restrict <- function(d, keep) {
  if (inherits(d, "pps") && length(unique(d$cluster[[1]])) < nrow(d$variables)) { d$prob[!keep] <- Inf; return(d) }
  d$variables$keep_ <- keep; subset(d, keep_)
}
domain <- function(d, g, value) restrict(d, d$variables[[g]] == value)
each <- function(d, g, f) for (value in values_of(d, g)) f(domain(d, g, value), as.character(value))
# estimates of all domains of g at once, as totals of y and 1 inside each, so that domains have covariances
domains_at_once <- function(name, p, d) {
  values <- values_of(d, p$g); inside <- d$variables[[p$g]]
  for (k in seq_along(values)) {
    d$variables[[paste0("one", k)]] <- 1 * (inside == values[k]); d$variables[[paste0("sum", k)]] <- d$variables[[p$v[1]]] * (inside == values[k])
  }
  k <- seq_along(values)
  s <- svytotal(terms(c(paste0("sum", k), paste0("one", k))), d)
  means <- lapply(k, function(k) parse(text = sprintf("sum%d/one%d", k, k))[[1]]); names(means) <- values
  m <- vcov(svycontrast(s, means)); t <- vcov(s)
  for (i in k) for (j in seq_len(i)) {
    out$put(name, "cross_mean", values[i], p$v[1], values[j], "cov", m[i, j]); out$put(name, "cross_total", values[i], p$v[1], values[j], "cov", t[i, j])
  }
}
everything <- function(name, p, d) {
  # no deff where weights do not tell the population, nor with joint probabilities (4.1-1 divides by another variance than elsewhere)
  effect <- function(d) sum(weights(d, "sampling")) > sum(weights(d, "sampling") > 0) && is.null(p$no_deff) && !inherits(d, "pps")
  row_of(name, "mean", svymean(terms(p$v), d, deff = effect(d)), df = degf(d)); covariance(name, "mean", svymean(terms(p$v), d))
  row_of(name, "mean_replace", svymean(terms(p$v), d, deff = "replace"))
  row_of(name, "total", svytotal(terms(p$v), d, deff = effect(d))); covariance(name, "total", svytotal(terms(p$v), d))
  if (!is.null(p$r)) ratio_row(name, "ratio", p$r, d)
  if (!is.null(p$f)) {
    row_of(name, "level_mean", svymean(terms(p$f), d)); covariance(name, "level_mean", svymean(terms(p$f), d))
    row_of(name, "level_total", svytotal(terms(p$f), d)); covariance(name, "level_total", svytotal(terms(p$f), d))
  }
  if (!is.null(p$g)) {
    each(d, p$g, function(part, value) row_of(name, "by_mean", svymean(terms(p$v), part, deff = effect(part)), value, degf(part)))
    each(d, p$g, function(part, value) row_of(name, "by_total", svytotal(terms(p$v), part, deff = effect(part)), value, degf(part)))
    if (!is.null(p$r)) each(d, p$g, function(part, value) ratio_row(name, "by_ratio", p$r, part, value))
    if (!is.null(p$f) && p$f != p$g) each(d, p$g, function(part, value) row_of(name, "by_level", svymean(terms(p$f), part), value))
    domains_at_once(name, p, d)
  }
  if (!is.null(p$m)) {
    row_of(name, "na_domain", svymean(terms(p$m), d, na.rm = TRUE), df = degf(restrict(d, !is.na(d$variables[[p$m]]))))
    row_of(name, "na_listwise", svymean(terms(c(p$v, p$m)), d, na.rm = TRUE))
    if (!is.null(p$g)) each(d, p$g, function(part, value) row_of(name, "na_by", svymean(terms(p$m), part, na.rm = TRUE), value))
  }
  if (!is.null(p$s)) {
    part <- restrict(d, eval(p$s, d$variables))
    row_of(name, "subset", svymean(terms(p$v), part), df = degf(part)); row_of(name, "subset_total", svytotal(terms(p$v), part))
    if (!is.null(p$g)) each(part, p$g, function(smaller, value) row_of(name, "subset_by", svymean(terms(p$v), smaller), value, degf(smaller)))
  }
}
for (name in names(designs)[!grepl("lonely", names(designs))]) everything(name, plan_of(name), designs[[name]])

# a stratum with one PSU. Domains here are ratios over the whole design: a subset in R forgets strata without a row of the domain, we keep them.
p <- plans$own
for (rule in lonely_rules) for (base in c("own_lonely", "own_lonely_two", "own_lonely_three")) {
  name <- paste0(base, "/", rule); d <- designs[[base]]
  lonely_rule(rule, {
    row_of(name, "mean", svymean(terms(p$v), d), df = degf(d)); covariance(name, "mean", svymean(terms(p$v), d))
    ratio_row(name, "ratio", p$r, d)
    row_of(name, "level_mean", svymean(terms(p$f), d))
    if (rule != "adjust") row_of(name, "total", svytotal(terms(p$v), d)) # adjust: 4.1-1 differs from 4.5, tested by hand
    for (value in values_of(d, p$g)) {
      d2 <- d; inside <- d$variables[[p$g]] == value
      d2$variables$inside <- 1 * inside; d2$variables$value <- d$variables[[p$v[1]]] * inside
      r <- svyratio(~value, ~inside, d2)
      out$put(name, "by_mean", value, p$v[1], "", "estimate", coef(r)); out$put(name, "by_mean", value, p$v[1], "", "se", SE(r))
    }
  })
}
out$save("survey_designs")
