# Golden numbers for tests/test_sampling/test_sampling_methods_golden.py.
# Run: Rscript tests/golden/sampling_methods.R   (Debian: r-base-core, r-cran-sampling)
# Input: the size vectors below (made up for this project).
# Output: sampling_methods_expected.csv, one row a number; sampling_methods_versions.txt.
suppressMessages(library(sampling))
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
cases <- list(
  small = list(size = c(3, 7, 1, 12, 5, 9, 4, 2, 8), n = 4),
  certain = list(size = c(3, 400, 7, 1, 12, 5, 0, 9, 4, 60, 2, 8), n = 5),
  wide = list(size = c(31, 17, 44, 8, 23, 23, 90, 12, 5, 61, 39, 27, 14, 52, 33), n = 6),
  all_but_one = list(size = c(91, 94, 87, 96, 90, 93, 88, 95), n = 7),
  equal = list(size = rep(2, 10), n = 4)
)
# UPmaxentropypi2 stops its solver at 1e-6; these are its two steps with a finer limit
entropy <- function(pik) {
  p <- UPMEpiktildefrompik(pik, eps = 1e-14)
  UPMEpik2frompikw(pik, p / (1 - p))
}
joint <- list(
  sampford = UPsampfordpi2, tille = UPtillepi2, conditional_poisson = entropy, midzuno = UPmidzunopi2,
  pps_systematic = UPsystematicpi2, maxentropy = UPmaxentropypi2
)
out <- list()
put <- function(case, what, i, j, value) {
  out[[length(out) + 1]] <<- data.frame(case, what, i, j, value = sprintf("%.17g", value))
}
for (name in names(cases)) {
  one <- cases[[name]]
  for (i in seq_along(one$size)) put(name, "size", i, one$n, one$size[i])
  pik <- suppressWarnings(inclusionprobabilities(one$size, one$n))  # it warns of sizes 0
  for (i in seq_along(pik)) put(name, "pik", i, i, pik[i])
  free <- which(pik > 0 & pik < 1)
  for (method in names(joint)) {
    pi2 <- joint[[method]](pik[free])
    for (a in seq_along(free)) for (b in seq_len(a)) put(name, method, free[a], free[b], pi2[a, b])
  }
}
write.csv(do.call(rbind, out), file.path(here, "sampling_methods_expected.csv"), row.names = FALSE, quote = FALSE)
writeLines(c(R.version.string, paste("sampling", packageVersion("sampling"))), file.path(here, "sampling_methods_versions.txt"))
