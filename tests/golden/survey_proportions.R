# Golden numbers for tests/test_analysis/test_analysis_proportions_golden.py: intervals of proportions.
# Run: Rscript tests/golden/survey_proportions.R   (Debian: r-base-core, r-cran-survey)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))); source(file.path(here, "survey_designs.R"))

methods <- c("logit", "xlogit", "beta", "likelihood", "asin", "mean")
# R's logit fits a logistic regression that stops at a relative change of 1e-8; here it is fitted to the end.
converged_logit <- function(d) {
  fit <- svyglm(.yes ~ 1, design = d, family = quasibinomial, control = glm.control(epsilon = 1e-15, maxit = 100))
  plogis(coef(fit) + c(-1, 1) * qt(0.975, degf(d)) * SE(fit))
}
one <- function(name, d, variable, level, by = "") {
  d <- update(d, .yes = 1 * (d$variables[[variable]] == level))
  for (method in methods) {
    # R's profile of the likelihood fails for some rare levels: then there is no row
    p <- tryCatch(suppressWarnings(svyciprop(~.yes, d, method = method, df = degf(d))), error = function(e) NULL)
    if (is.null(p)) { message(paste("no interval:", name, variable, level, by, method)); next }
    limits <- if (method == "logit") converged_logit(d) else attr(p, "ci")
    out$put(name, method, by, variable, level, "estimate", coef(svymean(~.yes, d)))
    out$put(name, method, by, variable, level, "se", SE(svymean(~.yes, d)))
    out$put(name, method, by, variable, level, "ci_low", limits[1]); out$put(name, method, by, variable, level, "ci_high", limits[2])
    out$put(name, method, by, variable, level, "df", degf(d))
  }
}
for (name in c("dsrs", "dstrat", "dclus1", "dclus2", "dclus1_wr")) {
  d <- designs[[name]]
  for (level in c("Yes", "No")) one(name, d, "sch.wide", level)
  one(name, d, "comp.imp", "Yes"); if (name != "dstrat") one(name, d, "stype", "M")
}
one("dclus1", designs$dclus1, "ell", 0) # the example of R's help page
for (group in c("E", "H", "M")) one("dclus1", subset(designs$dclus1, stype == group), "awards", "Yes", group)
for (group in c("E", "H", "M")) one("dstrat", subset(designs$dstrat, stype == group), "awards", "Yes", group)
known <- subset(designs$dnhanes, !is.na(HI_CHOL))
one("dnhanes", known, "HI_CHOL", 1)
for (group in 1:4) one("dnhanes", subset(known, race == group), "HI_CHOL", 1, as.character(group))
for (name in c("own_blocks", "own_blocks_wr", "own_two")) {
  d <- subset(designs[[name]], !is.na(`外食`) & `重み` > 0) # R counts rows of weight 0 in n of "beta"
  for (level in levels(d$variables[["外食"]])) one(name, d, "外食", level)
}
out$save("survey_proportions")
