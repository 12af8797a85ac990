# Seconds of selection methods in R sampling, for peers_methods.py.
# Run: Rscript benchmarks/peers_methods.R FOLDER REPEATS   (Debian: r-base-core, r-cran-sampling)
# Input: FOLDER/small.txt, even.txt, large.txt (sizes), sizes.txt (sample size of each stratum),
# strata.txt (stratum codes, sorted: strata() wants that).
# Output: one line a measurement on standard output: case,seconds.
suppressMessages(library(sampling))
arguments <- commandArgs(trailingOnly = TRUE)
read <- function(name) scan(file.path(arguments[1], name), quiet = TRUE)
small <- inclusionprobabilities(read("small.txt"), 200)
even <- inclusionprobabilities(read("even.txt"), 200)
large <- inclusionprobabilities(read("large.txt"), 5000)
frame <- data.frame(stratum = read("strata.txt"))
sizes <- as.vector(read("sizes.txt"))
cases <- list(
  "stratified srs" = function() strata(frame, "stratum", sizes, method = "srswor"),
  "pps systematic" = function() UPsystematic(large),
  "sampford" = function() UPsampford(even, max_iter = 100000),
  "sampford, skewed" = function() UPsampford(small, max_iter = 100000),
  "brewer" = function() UPbrewer(small)
)
for (name in names(cases)) for (turn in seq_len(as.integer(arguments[2]) + 1)) {
  began <- proc.time()[["elapsed"]]
  count <- if (name == "sampford") 20 else 1  # elapsed counts in milliseconds
  done <- tryCatch({ for (again in seq_len(count)) cases[[name]](); TRUE }, error = function(e) FALSE)
  if (!done) break  # a method that gives up has no figure
  if (turn > 1) cat(name, ",", (proc.time()[["elapsed"]] - began) / count, "\n", sep = "")
}
