# Golden numbers for tests/test_analysis/test_analysis_two_phase.py.
# Run: Rscript tests/golden/survey_two_phase.R   (Debian: r-base-core, r-cran-survey)
# Input: survey_data/two_phase.csv (invented). Output: survey_two_phase_expected.csv, one row a number.
suppressMessages(library(survey))
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
d <- read.csv(file.path(here, "survey_data", "two_phase.csv")); d$s <- d$s == 1
designs <- list(
  strata = twophase(id = list(~1, ~1), strata = list(~h, ~r), fpc = list(~N, NULL), subset = ~s, data = d, method = "full"),
  plain = twophase(id = list(~1, ~1), strata = list(NULL, ~r), fpc = list(~N.all, NULL), subset = ~s, data = transform(d, N.all = 790), method = "full"),
  clusters = twophase(id = list(~k, ~1), strata = list(~h, ~r), fpc = list(~M, NULL), subset = ~s, data = d, method = "full")
)
out <- list()
put <- function(design, case, stat) {
  for (term in names(coef(stat))) for (what in c("estimate", "se")) {
    value <- if (what == "se") SE(stat)[which(names(coef(stat)) == term)] else coef(stat)[term]
    out[[length(out) + 1]] <<- data.frame(design, case, term, what, value = sprintf("%.17g", as.numeric(value)))
  }
}
for (name in names(designs)) {
  a <- designs[[name]]
  put(name, "mean", svymean(~ y + x, a)); put(name, "total", svytotal(~ y + x, a))
  put(name, "domain", svymean(~y, subset(a, x > 5)))
  out[[length(out) + 1]] <- data.frame(design = name, case = "df", term = "", what = "df", value = sprintf("%.17g", degf(a)))
}
write.csv(do.call(rbind, out), file.path(here, "survey_two_phase_expected.csv"), row.names = FALSE, quote = FALSE)
