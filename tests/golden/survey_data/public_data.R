# Writes the public data sets of this folder as plain CSV (run once; the CSV files are kept).
# Run: Rscript tests/golden/survey_data/public_data.R   (Debian: r-base-core, r-cran-survey)
# What is public fact, where it comes from and what was left out: README.md beside this script.
suppressMessages(library(survey))
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
# doubles with all 17 digits, so that R and Python read the very same number
exact <- function(column) {
  if (is.factor(column)) as.character(column)
  else if (is.numeric(column)) ifelse(is.na(column), NA, ifelse(column == round(column), sprintf("%.0f", column), sprintf("%.17g", column)))
  else column
}
keep <- function(name, data, columns = names(data)) {
  data <- as.data.frame(lapply(data[, columns], exact), check.names = FALSE)
  quoted <- which(sapply(data, function(column) any(grepl(",", column))))
  write.table(data, file.path(here, paste0(name, ".csv")), sep = ",", row.names = FALSE, na = "", quote = quoted, fileEncoding = "UTF-8")
}
data(api); data(nhanes); data(election); data(hospital); data(mu284); data(scd); data(yrbs)
school <- c("stype", "dnum", "snum", "cnum", "api00", "api99", "target", "growth", "sch.wide", "comp.imp", "both", "awards", "meals",
            "ell", "yr.rnd", "mobility", "acs.k3", "acs.46", "acs.core", "pct.resp", "not.hsg", "hsg", "some.col", "col.grad", "grad.sch",
            "avg.ed", "full", "emer", "enroll", "api.stu", "pw")
keep("api_srs", apisrs, c(school, "fpc"))
keep("api_strat", apistrat, c(school, "fpc"))
keep("api_clus1", apiclus1, c(school, "fpc"))
keep("api_clus2", apiclus2, c(school, "fpc1", "fpc2"))
keep("nhanes", nhanes, c("SDMVSTRA", "SDMVPSU", "WTMEC2YR", "HI_CHOL", "race", "agecat", "RIAGENDR"))
counties <- election_pps
counties$id <- sprintf("county%02d", seq_len(nrow(counties)))
keep("election", counties, c("id", "votes", "Bush", "Kerry", "Nader", "p"))
colnames(election_jointprob) <- counties$id
keep("election_joint", as.data.frame(election_jointprob), counties$id)
keep("hospital", hospital, c("hospno", "oblevel", "weighta", "tothosp", "births"))
keep("mu284", mu284, c("id1", "n1", "id2", "n2", "y1"))
keep("scd", scd, c("ESA", "ambulance", "arrests", "alive"))
keep("yrbs", yrbs[yrbs$stratum %in% sort(unique(yrbs$stratum))[1:5], ], c("stratum", "psu", "weight", "qn8"))
