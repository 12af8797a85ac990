# Golden numbers for tests/test_analysis/test_analysis_quantiles_golden.py: quantiles by rule, interval, design and domain.
# Run: Rscript tests/golden/survey_quantiles.R   (Debian: r-base-core, r-cran-survey)
# Left out, because survey 4.1-1 departs from its own documentation there (the tests do those by hand): math below the
# first step, hf4 outside its points, score with unequal weights. shahvaish is asked with weights that sum to n. No
# probability stands where F(x) = p exactly (0.1 of 200 equal weights), as rounding decides there in R.
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))); source(file.path(here, "survey_designs.R"))

rules <- c("math", "school", "shahvaish", "hf1", "hf2", "hf3", "hf4", "hf5", "hf6", "hf7", "hf8", "hf9")
intervals <- c("mean", "beta", "xlogit", "asin")
one <- function(name, d, variable, probs, by = "", some = rules, how = intervals) {
  used <- !is.na(d$variables[[variable]]) & weights(d) > 0
  if (!all(used)) d <- d[used, ] # R counts rows of weight 0 in n of "beta"
  places <- as.integer(rownames(d$variables)) # rows of equal value count in the order of the table
  if (is.unsorted(places)) d <- d[order(places), ]
  d <- update(d, .y = d$variables[[variable]])
  scaled <- d; scaled$prob <- d$prob * sum(weights(d)) / nrow(d$variables)
  for (rule in some) for (interval in if (rule %in% c("math", "school", "hf7")) how else "mean") {
    found <- svyquantile(~.y, if (rule == "shahvaish") scaled else d, probs, interval.type = interval, qrule = rule, df = degf(d))$.y
    case <- paste(rule, interval, sep = ".")
    for (j in seq_along(probs)) for (k in 1:4) out$put(name, case, by, variable, probs[j], c("estimate", "ci_low", "ci_high", "se")[k], found[j, k])
  }
}
middle <- c(0.1, 0.25, 0.5, 0.75, 0.9)
one("dsrs", designs$dsrs, "api00", c(0.103, 0.253, 0.503, 0.753, 0.903))
for (name in c("dstrat", "dclus1", "dclus2", "dclus2_wr")) one(name, designs[[name]], "api00", middle)
one("dclus2", designs$dclus2, "enroll", c(0.25, 0.51, 0.75))   # missing in six rows
one("dstrat", designs$dstrat, "meals", c(0.25, 0.5, 0.75))    # ties
one("dnhanes", designs$dnhanes, "WTMEC2YR", c(0.25, 0.5, 0.75))
one("dnhanes", designs$dnhanes, "HI_CHOL", c(0.5, 0.75), some = c("math", "school"))
for (name in c("own_blocks", "own_two")) for (variable in c("年齢", "食費.月", "塩分.g")) one(name, designs[[name]], variable, c(0.25, 0.5, 0.75))
one("own_three", designs$own_three, "年齢", c(0.25, 0.5, 0.75), some = c("math", "hf6"))
for (name in c("pps_brewer", "pps_overton", "pps_hr")) one(name, designs[[name]], "Bush", c(0.5, 0.75, 0.9), some = c("hf7", "hf8")) # the first step is above 0.5
for (group in c("E", "H", "M")) one("dstrat", subset(designs$dstrat, stype == group), "api00", c(0.25, 0.5, 0.75), group)
one("dclus1", subset(designs$dclus1, stype == "E"), "api00", c(0.25, 0.5, 0.75), "E")
for (group in 1:4) one("dnhanes", subset(designs$dnhanes, race == group), "WTMEC2YR", c(0.25, 0.5, 0.75), as.character(group))
for (name in c("dsrs", "dclus1")) one(name, designs[[name]], "api00", middle, some = "math", how = "score")
out$save("survey_quantiles")
