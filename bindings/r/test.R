# The golden vectors of Tests/golden: the same bits as in every other language. Run in the folder of the repository.
library(stepsize, warn.conflicts = FALSE)

checked <- 0
check <- function(holds, ...) {
  if (!isTRUE(all(holds))) stop(...)
  checked <<- checked + length(holds)
}

# 16 hexadecimal digits for each number.
bits <- function(values) {
  bytes <- matrix(as.character(writeBin(as.double(values), raw(), endian = "big")), 8)
  apply(bytes, 2, paste, collapse = "")
}

# Without comments and empty ones.
lines <- function(name) {
  found <- readLines(file.path("Tests/golden", name), encoding = "UTF-8")
  found[found != "" & !startsWith(found, "#")]
}

schedules <- function() {
  # The last one has the bits where the library misses the nearest double.
  names <- c("primitives.tsv", "compositions.tsv", "algebra.tsv", "examples.tsv", "bits.txt")
  page <- unlist(lapply(names, lines))
  is_text <- startsWith(page, "= ")
  fields <- strsplit(page[!is_text], "\t", fixed = TRUE)
  rows <- data.frame(
    text = substring(page[is_text], 3)[cumsum(is_text)[!is_text]],
    step = vapply(fields, `[`, "", 1), expected = vapply(fields, `[`, "", 2)
  )
  rows <- rows[!duplicated(rows[c("text", "step")], fromLast = TRUE), ]
  # Doubles have no other steps; the largest of 64 bits is what the next double is taken for.
  steps <- as.double(rows$step)
  rows <- rows[abs(steps) < 2^53 | rows$step %in% c("9223372036854775807", "-9223372036854775808"), ]
  check(length(unique(rows$text)) > 1300, "cases")
  for (case in split(rows, rows$text)) {
    check(bits(at(schedule(case$text[1]), as.double(case$step))) == case$expected, case$text[1])
  }
}

# A loss, "-" for an update without one, or NAME:ARGUMENT:...
call <- function(training, text) {
  words <- strsplit(text, ":", fixed = TRUE)[[1]]
  numbers <- suppressWarnings(as.double(words[-1]))
  switch(words[1],
    observe = {
      pairs <- strsplit(words[-1], "=", fixed = TRUE)
      observe(training, setNames(as.double(vapply(pairs, `[`, "", 2)), vapply(pairs, `[`, "", 1)))
    },
    observe_gradient = observe_gradient(training, numbers[1], numbers[-1]),
    propose = propose(training, numbers[1], numbers[2]),
    report = check(report(training, numbers[1]) == words[3], text),
    "-" = advance(training),
    step(training, as.double(text))
  )
}

controllers <- function() {
  traces <- 0
  for (line in lines("controllers.txt")) {
    fields <- strsplit(line, "\t", fixed = TRUE)[[1]]
    if (fields[1] == "scheduler") {
      text <- fields[2]
    } else if (fields[1] == "base") {
      training <- scheduler(text, as.double(fields[2]))
    } else if (length(fields) == 3) {
      call(training, fields[1])
      check(bits(lrs(training)) == expected_bits(fields[2]) && decision(training) == fields[3], name, ": ", line)
    } else {
      name <- line
      traces <- traces + 1
    }
  }
  check(traces >= 56, "traces")
}

# R's own conversion of decimal numbers may miss the nearest double by a unit: the library's reads it right.
expected_bits <- function(decimal) {
  if (as.double(decimal) == 0) return(bits(0))
  bits(at(schedule(sprintf("table([%s])", decimal)), 0))
}

states <- function() {
  for (line in lines("states.txt")) {
    words <- strsplit(line, " ", fixed = TRUE)[[1]]
    digits <- substring(words[2], seq(1, nchar(words[2]), 2), seq(2, nchar(words[2]), 2))
    training <- restore_state(as.raw(strtoi(digits, 16L)))
    for (update in 40:44) {
      # Those that observe more than a loss went without.
      if (length(setdiff(needs(training), "needs_loss"))) advance(training)
      else step(training, 1 + (update * 7) %% 11 / 8)
      expected <- as.double(words[2 * (update - 40) + 3:4])
      check(bits(lrs(training)) == bits(expected), substr(line, 1, 40))
    }
    check(current_step(restore_state(save_state(training))) == 45, "saved again")
  }
}

failures <- function() {
  status <- function(code) tryCatch(code, stepsize_error = function(reason) reason$status)
  reason <- tryCatch(schedule("linear(10"), stepsize_error = identity)
  check(reason$status == "error_syntax" && reason$offset == 9 && nzchar(conditionMessage(reason)), "syntax")
  check(status(scheduler("greedy()", numeric())) == "error_argument", "no groups")
  training <- scheduler("greedy()", c(0.1, 0.2), max_lr = 0.15)
  check(lrs(training) == c(0.1, 0.15), "bounds")
  check(status(step(training)) == "error_loss_required", "loss")
  check(status(restore_state(charToRaw("damaged"))) == "error_state", "state")
  rise <- schedule("warmup(10)")
  fall <- schedule("cosine(90)")
  both <- rise %then% fall
  check(as.character(both) == "warmup(10) >> cosine(90)" && updates(both) == 100, "sequence")
  check(as.character(0.5 * (rise * fall)) == "0.5 * warmup(10) * cosine(90)", "product")
  check(updates(schedule("constant()")) == Inf && as.character(schedule_table(c(1, 0.5))) == "table([1, 0.5])", "table")
  check(as.character(schedule("warmup(10%) >> cosine(rest)", 100)) == as.character(both), "shares")
  check(inherits(tryCatch(at(training, 0), error = identity), "error"), "a scheduler is no schedule")
  value <- at(both, 5)
  rm(rise, fall)
  for (i in 1:1000) schedule("linear(9)")
  gc()
  check(at(both, 5) == value, "what others were made from may be collected")
}

record_and_extension <- function() {
  training <- scheduler("linear(10)", 0.5, record = TRUE)
  used <- vapply(1:5, function(update) {
    rate <- lrs(training)
    step(training)
    rate
  }, 0)
  check(at(replay(training), 0:4) == used, "replay")
  extend(training, schedule("constant()"))
  check(lrs(training) == 0.5 && current_step(training) == 5 && stop_reason(training) == "none", "extension")
}

schedules()
controllers()
states()
failures()
record_and_extension()
cat(checked, "passed, 0 failed\n")
