# The designs of the survey golden tests by name; area scripts start with
#   here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))); source(file.path(here, "survey_designs.R"))
# and then use `designs$dstrat` and so on, `out$put(...)` a number at a time, and `out$save("survey_<area>")`.
# The same names in Python: tests/test_analysis/survey_designs.py. Data and their origin: survey_data/README.md.
suppressMessages(library(survey))
invisible(Sys.setlocale("LC_ALL", "C.UTF-8"))
options(survey.lonely.psu = "fail")
survey_data <- function(name, ...) {
  read.csv(file.path(here, "survey_data", paste0(name, ".csv")), check.names = FALSE, stringsAsFactors = TRUE, na.strings = "", encoding = "UTF-8", ...)
}
api_srs <- survey_data("api_srs"); api_strat <- survey_data("api_strat"); api_clus1 <- survey_data("api_clus1"); api_clus2 <- survey_data("api_clus2")
nhanes_data <- survey_data("nhanes"); election_data <- survey_data("election"); hospital_data <- survey_data("hospital")
election_joint <- as.matrix(survey_data("election_joint")); dimnames(election_joint) <- NULL
mu284_data <- survey_data("mu284"); scd_data <- survey_data("scd"); yrbs_data <- survey_data("yrbs")
scd_data$w <- 1
election_data$g <- factor(ifelse(election_data$Nader > 0, "some", "none")); election_data$s <- (seq_len(nrow(election_data)) - 1) %% 2
own_persons <- survey_data("own_persons")
own_persons[["外食"]] <- factor(own_persons[["外食"]], levels = c("毎日", "週3-6日", "週1-2日", "ほとんどない"))
# Overton's and Hartley-Rao's rules of survey 4.1-1 want strata and PSUs as numbers
own_persons$district <- as.integer(own_persons[["地区"]]); own_persons$block <- as.integer(own_persons[["丁目"]])
# sorted: with pps = "brewer" and clusters, 4.1-1 pairs the totals of sorted PSUs with the probabilities of PSUs in order of rows
own_persons <- own_persons[order(own_persons$district, own_persons$block, own_persons[["世帯"]], own_persons[["個人"]]), ]
own_main <- droplevels(own_persons[own_persons[["地区"]] != "関町", ])
own_blocks <- function(data, ...) svydesign(ids = ~`丁目`, strata = ~`地区`, weights = ~`重み`, data = data, ...)

# *_wr: with replacement, no finite population at any stage
designs <- list(
  dsrs = svydesign(id = ~1, weights = ~pw, fpc = ~fpc, data = api_srs),
  dsrs_wr = svydesign(id = ~1, weights = ~pw, data = api_srs),
  dstrat = svydesign(id = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = api_strat),
  dstrat_wr = svydesign(id = ~1, strata = ~stype, weights = ~pw, data = api_strat),
  dclus1 = svydesign(id = ~dnum, weights = ~pw, fpc = ~fpc, data = api_clus1),
  dclus1_wr = svydesign(id = ~dnum, weights = ~pw, data = api_clus1),
  dclus2 = svydesign(id = ~dnum + snum, fpc = ~fpc1 + fpc2, data = api_clus2),
  dclus2_wr = svydesign(id = ~dnum + snum, weights = ~pw, data = api_clus2),
  dnhanes = svydesign(id = ~SDMVPSU, strata = ~SDMVSTRA, weights = ~WTMEC2YR, nest = TRUE, data = nhanes_data),
  dhospital = svydesign(id = ~1, strata = ~oblevel, weights = ~weighta, fpc = ~tothosp, data = hospital_data),
  dmu284 = svydesign(id = ~id1 + id2, fpc = ~n1 + n2, data = mu284_data),
  dscd = svydesign(id = ~ambulance, strata = ~ESA, weights = ~w, nest = TRUE, data = scd_data),
  dyrbs = svydesign(id = ~psu, strata = ~stratum, weights = ~weight, data = yrbs_data),
  pps_brewer = svydesign(id = ~1, fpc = ~p, data = election_data, pps = "brewer"),
  pps_overton = svydesign(id = ~1, fpc = ~p, data = election_data, pps = "overton"),
  pps_overton_yg = svydesign(id = ~1, fpc = ~p, data = election_data, pps = "overton", variance = "YG"),
  pps_hr = svydesign(id = ~1, fpc = ~p, data = election_data, pps = HR()),
  pps_hr_yg = svydesign(id = ~1, fpc = ~p, data = election_data, pps = HR(), variance = "YG"),
  pps_joint = svydesign(id = ~1, fpc = ~p, data = election_data, pps = ppsmat(election_joint)),
  pps_joint_yg = svydesign(id = ~1, fpc = ~p, data = election_data, pps = ppsmat(election_joint), variance = "YG"),
  pps_strata_overton = svydesign(id = ~1, strata = ~s, fpc = ~p, data = election_data, pps = "overton"),
  pps_strata_overton_yg = svydesign(id = ~1, strata = ~s, fpc = ~p, data = election_data, pps = "overton", variance = "YG"),
  pps_strata_brewer = svydesign(id = ~1, strata = ~s, fpc = ~p, data = election_data, pps = "brewer"),
  pps_own_brewer = svydesign(ids = ~`丁目`, strata = ~`地区`, fpc = ~p1, data = own_main, pps = "brewer"),
  pps_own_two = svydesign(ids = ~`丁目` + `世帯`, strata = ~`地区`, fpc = ~p1 + f2, data = own_main, pps = "brewer"),
  pps_own_overton = svydesign(ids = ~block, strata = ~district, fpc = ~p1, data = own_main, pps = "overton"),
  pps_own_overton_yg = svydesign(ids = ~block, strata = ~district, fpc = ~p1, data = own_main, pps = "overton", variance = "YG"),
  pps_wr = svydesign(id = ~1, probs = ~p, data = election_data),
  own_blocks = own_blocks(own_main, fpc = ~N1),
  own_blocks_wr = own_blocks(own_main),
  own_two = svydesign(ids = ~`丁目` + `世帯`, strata = ~`地区`, fpc = ~N1 + N2, weights = ~`重み`, data = own_main),
  own_three = svydesign(ids = ~`丁目` + `世帯` + `個人`, strata = ~`地区`, fpc = ~N1 + N2 + N3, data = own_main),
  own_three_weights = svydesign(ids = ~`丁目` + `世帯` + `個人`, strata = ~`地区`, fpc = ~N1 + N2 + N3, weights = ~`重み`, data = own_main),
  # a stratum with one PSU: the rule is the option survey.lonely.psu at the time of estimation, see lonely_rule()
  own_lonely = own_blocks(own_persons, fpc = ~N1),
  own_lonely_two = svydesign(ids = ~`丁目` + `世帯`, strata = ~`地区`, fpc = ~N1 + N2, weights = ~`重み`, data = own_persons),
  own_lonely_three = svydesign(ids = ~`丁目` + `世帯` + `個人`, strata = ~`地区`, fpc = ~N1 + N2 + N3, data = own_persons)
)
lonely_rules <- c("remove", "certainty", "adjust", "average")
lonely_rule <- function(rule, code) {
  old <- options(survey.lonely.psu = rule); on.exit(options(old))
  force(code)
}

# one row a number, all 17 digits; where R gives a name of more parts, join them yourself
out <- local({
  rows <- list()
  list(
    put = function(design, case, by, term, level, what, value) {
      rows[[length(rows) + 1]] <<- data.frame(design, case, by, term, level, what, value = sprintf("%.17g", as.numeric(value)))
    },
    save = function(name) {
      write.csv(do.call(rbind, rows), file.path(here, paste0(name, "_expected.csv")), row.names = FALSE, quote = TRUE, fileEncoding = "UTF-8")
      writeLines(c(R.version.string, paste("survey", packageVersion("survey"))), file.path(here, paste0(name, "_versions.txt")))
    }
  )
})
