# Golden numbers for tests/test_analysis/test_analysis_moments_golden.py: variances, covariances, correlations.
# Run: Rscript tests/golden/survey_moments.R   (Debian: r-base-core, r-cran-survey)
# Case: what, and the variables of the call. Correlations: svyvar's matrix and its covariance, then the delta method written out. Level names the second variable.
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))); source(file.path(here, "survey_designs.R"))

moments <- function(name, d, variables, by = "") {
  # a domain of complete rows: svyvar(na.rm = TRUE) counts the missing rows in n/(n - 1)
  d <- d[complete.cases(d$variables[variables]), ]
  v <- svyvar(as.formula(paste("~", paste0("`", variables, "`", collapse = "+"))), d)
  k <- length(variables); s <- matrix(as.vector(as.matrix(v))[seq_len(k * k)], k); full <- vcov(v); at <- function(i, j) (j - 1) * k + i
  called <- paste(variables, collapse = "|")
  upper <- which(upper.tri(s, diag = TRUE), arr.ind = TRUE)
  for (a in seq_len(nrow(upper))) {
    i <- upper[a, 1]; j <- upper[a, 2]
    out$put(name, paste0("covariance:", called), by, variables[i], variables[j], "estimate", s[i, j])
    out$put(name, paste0("covariance:", called), by, variables[i], variables[j], "se", sqrt(full[at(i, j), at(i, j)]))
    for (b in seq_len(a)) {
      pair <- paste(variables[upper[b, 1]], variables[upper[b, 2]], sep = "|")
      out$put(name, paste0("matrix:", called), by, paste(variables[i], variables[j], sep = "|"), pair, "cov", full[at(i, j), at(upper[b, 1], upper[b, 2])])
    }
    if (i == j) {
      out$put(name, paste0("std:", called), by, variables[i], "", "estimate", sqrt(s[i, i]))
      out$put(name, paste0("std:", called), by, variables[i], "", "se", sqrt(full[at(i, i), at(i, i)]) / (2 * sqrt(s[i, i])))
    } else {
      places <- c(at(i, i), at(i, j), at(j, j)); r <- s[i, j] / sqrt(s[i, i] * s[j, j])
      slope <- c(-r / (2 * s[i, i]), 1 / sqrt(s[i, i] * s[j, j]), -r / (2 * s[j, j]))
      out$put(name, paste0("correlation:", called), by, variables[i], variables[j], "estimate", r)
      out$put(name, paste0("correlation:", called), by, variables[i], variables[j], "se", sqrt(drop(slope %*% full[places, places] %*% slope)))
    }
  }
}
for (name in c("dsrs", "dstrat", "dclus1", "dclus2", "dclus2_wr")) moments(name, designs[[name]], c("api00", "api99", "meals"))
moments("dclus2", designs$dclus2, c("enroll", "api.stu", "api00")) # missing in six rows: R takes complete rows
for (name in c("own_blocks", "own_two", "own_three")) moments(name, designs[[name]], c("年齢", "食費.月", "塩分.g"))
moments("dnhanes", designs$dnhanes, c("HI_CHOL", "race", "RIAGENDR"))
for (group in c("E", "H", "M")) moments("dstrat", subset(designs$dstrat, stype == group), c("api00", "api99"), group)
for (group in c("E", "H", "M")) moments("dclus1", subset(designs$dclus1, stype == group), c("api00", "api99"), group)
out$save("survey_moments")
