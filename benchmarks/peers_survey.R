# Seconds of survey estimates in R survey, for peers_survey.py.
# Run: Rscript benchmarks/peers_survey.R DATA REPEATS   (Debian: r-base-core, r-cran-survey)
# Input: DATA.csv with columns psu, stratum, fpc, y, w, domain, a, b.
# Output: one line a measurement on standard output: case,seconds; case MB,peak of R's own memory over what it
# held before (gc).
suppressMessages(library(survey))
arguments <- commandArgs(trailingOnly = TRUE)
frame <- read.csv(paste0(arguments[1], ".csv"), stringsAsFactors = TRUE)
cat("data MB,", as.numeric(object.size(frame)) / 2^20, "\n", sep = "")
make <- function() svydesign(ids = ~psu, strata = ~stratum, weights = ~w, fpc = ~fpc, data = frame)
design <- make()
cases <- list(
  "design" = make,
  "mean" = function() SE(svymean(~y, design)),
  "total" = function() SE(svytotal(~y, design)),
  "20 domains" = function() SE(svyby(~y, ~domain, design, svymean)),
  "cross-table with F test" = function() svychisq(~a + b, design, statistic = "F"),
  "three quantiles" = function() svyquantile(~y, design, c(0.25, 0.5, 0.75), ci = TRUE)
)
seconds <- function() {
  if (Sys.getenv("PEERS_CLOCK") == "cpu") sum(proc.time()[1:2]) else proc.time()[["elapsed"]]
}
for (name in names(cases)) {
  done <- tryCatch({ cases[[name]](); TRUE }, error = function(e) { message(name, ": ", conditionMessage(e)); FALSE })
  if (!done) next
  for (turn in seq_len(as.integer(arguments[2]))) {
    invisible(gc(reset = TRUE))
    before <- sum(gc()[, 2])
    began <- seconds()
    cases[[name]]()
    cat(name, ",", seconds() - began, "\n", sep = "")
  }
  cat(name, " MB,", sum(gc()[, 6]) - before, "\n", sep = "")
}
