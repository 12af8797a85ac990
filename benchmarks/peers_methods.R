# Seconds of selection methods in R sampling, for peers_methods.py.
# Run: Rscript benchmarks/peers_methods.R FOLDER REPEATS   (Debian: r-base-core, r-cran-sampling)
# Input: FOLDER/small.txt, even.txt, large.txt (sizes), variables.txt (balancing variables), sizes.txt (sample
# size of each stratum), strata.txt (stratum codes, sorted: strata() wants that).
# Output: one line a measurement on standard output: case,seconds. Quick cases run 20 times: elapsed counts
# in milliseconds. Tillé takes 15 s and more: once, without a run before.
suppressMessages(library(sampling))
arguments <- commandArgs(trailingOnly = TRUE)
read <- function(name) scan(file.path(arguments[1], name), quiet = TRUE)
sizes_small <- read("small.txt"); sizes_even <- read("even.txt"); sizes_large <- read("large.txt")
small <- inclusionprobabilities(sizes_small, 200)
even <- inclusionprobabilities(sizes_even, 200)
half <- inclusionprobabilities(sizes_even, 500)
large <- inclusionprobabilities(sizes_large, 5000)
frame <- data.frame(stratum = read("strata.txt"))
sizes <- as.vector(read("sizes.txt"))
balanced <- cbind(half, as.matrix(read.table(file.path(arguments[1], "variables.txt"))))
cases <- list(
  "stratified srs" = function() strata(frame, "stratum", sizes, method = "srswor"),
  "pps systematic" = function() UPsystematic(large),
  "pps systematic from sizes" = function() UPsystematic(inclusionprobabilities(sizes_large, 5000)),
  "sampford" = function() UPsampford(even, max_iter = 100000),
  "sampford from sizes" = function() UPsampford(inclusionprobabilities(sizes_even, 200), max_iter = 100000),
  "sampford, skewed" = function() UPsampford(small, max_iter = 100000),
  "brewer" = function() UPbrewer(small),
  "brewer from sizes" = function() UPbrewer(inclusionprobabilities(sizes_small, 200)),
  "pivotal" = function() UPrandompivotal(small),
  "cube" = function() samplecube(balanced, half, comment = FALSE),
  "tille" = function() UPtille(small)
)
seconds <- function() {
  if (Sys.getenv("PEERS_CLOCK") == "cpu") sum(proc.time()[1:2]) else proc.time()[["elapsed"]]
}
quick <- c("sampford", "sampford from sizes", "pivotal")
for (name in names(cases)) for (turn in seq_len(if (name == "tille") 2 else as.integer(arguments[2]) + 1)) {
  if (name == "tille" && turn == 1) next
  count <- if (name %in% quick) 20 else 1
  began <- seconds()
  done <- tryCatch({ for (again in seq_len(count)) cases[[name]](); TRUE }, error = function(e) FALSE)
  if (!done) break  # a method that gives up has no figure
  if (turn > 1) cat(name, ",", (seconds() - began) / count, "\n", sep = "")
}
