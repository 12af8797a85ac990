# Golden numbers for tests/test_analysis/test_analysis_golden.py.
# Run: Rscript tests/golden/analysis_basic.R   (Debian: r-base-core, r-cran-survey)
# Input: analysis_basic_persons.csv, analysis_basic_lonely.csv (made-up data of this project).
# Output: analysis_basic_expected.csv, one row a number; analysis_basic_versions.txt.
suppressMessages(library(survey))
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
read <- function(name) read.csv(file.path(here, name), encoding = "UTF-8", fileEncoding = "UTF-8")
persons <- read("analysis_basic_persons.csv")
lonely <- read("analysis_basic_lonely.csv")
persons$g <- factor(persons$g); persons$band <- factor(persons$band)

out <- list()
put <- function(case, kind, by, term, level, what, value) {
  out[[length(out) + 1]] <<- data.frame(case, kind, by, term, level, what, value = sprintf("%.17g", as.numeric(value)))
}
stat <- function(case, kind, s, by = "", df = NA) {
  names <- names(coef(s))
  effect <- if (is.null(attr(s, "deff"))) NULL else diag(as.matrix(attr(s, "deff")))
  for (i in seq_along(names)) {
    put(case, kind, by, names[i], "", "estimate", coef(s)[i]); put(case, kind, by, names[i], "", "se", SE(s)[i])
    if (!is.null(effect)) put(case, kind, by, names[i], "", "deff", effect[i])
    if (!is.na(df)) put(case, kind, by, names[i], "", "df", df)
  }
}
covariance <- function(case, kind, s) {
  v <- vcov(s); for (i in seq_len(nrow(v))) for (j in seq_len(i)) put(case, kind, "", rownames(v)[i], rownames(v)[j], "cov", v[i, j])
}
groups <- function(case, kind, d, column, fun, ...) {
  for (value in levels(d$variables[[column]])) {
    part <- d[d$variables[[column]] == value, ]
    stat(case, kind, fun(design = part, ...), value, degf(part))
  }
}
everything <- function(case, d) {
  stat(case, "mean", svymean(~y + x, d, deff = TRUE), df = degf(d)); covariance(case, "mean", svymean(~y + x, d))
  stat(case, "mean_replace", svymean(~y, d, deff = "replace"))
  stat(case, "total", svytotal(~y + x, d, deff = TRUE)); covariance(case, "total", svytotal(~y + x, d))
  stat(case, "level_mean", svymean(~g, d)); covariance(case, "level_mean", svymean(~g, d))
  stat(case, "level_total", svytotal(~g, d))
  r <- svyratio(~y, ~x, d)
  put(case, "ratio", "", "y/x", "", "estimate", coef(r)); put(case, "ratio", "", "y/x", "", "se", SE(r))
  groups(case, "by_mean", d, "g", svymean, x = ~y, deff = TRUE)
  groups(case, "by_total", d, "g", svytotal, x = ~y, deff = TRUE)
  groups(case, "by_level", d, "band", svymean, x = ~g)
  for (value in levels(d$variables$g)) {
    r <- svyratio(~y, ~x, d[d$variables$g == value, ])
    put(case, "by_ratio", value, "y/x", "", "estimate", coef(r)); put(case, "by_ratio", value, "y/x", "", "se", SE(r))
  }
  stat(case, "na_domain", svymean(~m, d, na.rm = TRUE), df = degf(subset(d, !is.na(m))))
  stat(case, "na_listwise", svymean(~y + m, d, na.rm = TRUE))
  stat(case, "far", svymean(~far, d))
  # Our "logit" is R's "xlogit" (the same interval in closed form); R's "logit" iterates a glm and stops at 1e-8.
  for (method in c("logit", "xlogit", "mean", "beta")) {
    p <- svyciprop(~bin, d, method = method); limits <- attr(p, "ci")
    put(case, "proportion", "", "bin", method, "estimate", p[1])
    put(case, "proportion", "", "bin", method, "ci_low", limits[1]); put(case, "proportion", "", "bin", method, "ci_high", limits[2])
  }
}
everything("strata_fpc", svydesign(ids = ~1, strata = ~stratum, fpc = ~N, data = persons))
everything("strata_weights", svydesign(ids = ~1, strata = ~stratum, weights = ~w, data = persons))
everything("srs_weights", svydesign(ids = ~1, weights = ~w, data = persons))
everything("clusters_nest", svydesign(ids = ~psu, strata = ~stratum, weights = ~w, nest = TRUE, data = persons))
everything("clusters_fpc", svydesign(ids = ~psu, strata = ~stratum, weights = ~w, fpc = ~M, nest = TRUE, data = persons))
persons$f <- ave(rep(1, nrow(persons)), persons$stratum, FUN = sum) / persons$N
everything("strata_fraction", svydesign(ids = ~1, strata = ~stratum, fpc = ~f, data = persons))
sub <- subset(svydesign(ids = ~psu, strata = ~stratum, weights = ~w, fpc = ~M, nest = TRUE, data = persons), y > 30)
everything("subset", sub)

lonely$g <- factor(lonely$g)
for (rule in c("remove", "certainty", "average", "adjust")) {
  options(survey.lonely.psu = rule)
  d <- svydesign(ids = ~psu, strata = ~stratum, weights = ~w, fpc = ~N, data = lonely)
  case <- paste0("lonely_", rule)
  stat(case, "mean", svymean(~y + x, d), df = degf(d)); covariance(case, "mean", svymean(~y + x, d))
  if (rule != "adjust") stat(case, "total", svytotal(~y + x, d)) # adjust, totals: 4.1-1 differs from 4.5; tested by hand
  if (rule != "average") groups(case, "by_mean", d, "g", svymean, x = ~y)
  # average: a subset in R forgets strata without a row of the domain; we keep all strata, as a ratio over the whole design does.
  else for (value in levels(lonely$g)) {
    d2 <- update(d, inside = 1 * (g == value), y_inside = y * (g == value))
    r <- svyratio(~y_inside, ~inside, d2)
    put(case, "by_mean", value, "y", "", "estimate", coef(r)); put(case, "by_mean", value, "y", "", "se", SE(r))
  }
}
write.csv(do.call(rbind, out), file.path(here, "analysis_basic_expected.csv"), row.names = FALSE, quote = TRUE, fileEncoding = "UTF-8")
writeLines(c(R.version.string, paste("survey", packageVersion("survey"))), file.path(here, "analysis_basic_versions.txt"))
