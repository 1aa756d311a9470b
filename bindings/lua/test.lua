-- The golden vectors of Tests/golden: the same bits as in every other language.
--     LUA_PATH="bindings/lua/?.lua" luajit bindings/lua/test.lua      in the folder of the repository
local ffi = require("ffi")
local stepsize = require("stepsize")
local C = stepsize.C

local checked = 0

local function check(holds, ...)
  if not holds then error(table.concat({ ... }, " "), 2) end
  checked = checked + 1
end

local Both = ffi.typeof("union { double value; uint32_t halves[2]; }")

local function bits(value)
  local both = Both(value)
  return bit.tohex(both.halves[1]) .. bit.tohex(both.halves[0])
end

local function int64(text)
  local sign, value = text:sub(1, 1) == "-" and -1LL or 1LL, 0LL
  for digit in text:gmatch("%d") do value = value * 10 + sign * tonumber(digit) end
  return value
end

-- The lines of a file without comments and empty ones.
local function lines(name)
  local found = {}
  for line in io.lines("Tests/golden/" .. name) do
    if line ~= "" and line:sub(1, 1) ~= "#" then found[#found + 1] = line end
  end
  return found
end

local function split(text, separator)
  local found = {}
  for word in (text .. separator):gmatch("(.-)" .. separator) do found[#found + 1] = word end
  return found
end

local function schedules()
  local cases, count = {}, 0
  -- The last one has the bits where the library misses the nearest double.
  for _, name in ipairs { "primitives.tsv", "compositions.tsv", "algebra.tsv", "examples.tsv", "bits.txt" } do
    local rows
    for _, line in ipairs(lines(name)) do
      local text = line:match("^= (.*)")
      if text then
        rows = cases[text] or {}
        cases[text] = rows
      else
        local step, expected = line:match("^(%S+)\t(%x+)")
        rows[step] = expected
      end
    end
  end
  for text, rows in pairs(cases) do
    local schedule = stepsize.schedule(text)
    count = count + 1
    for step, expected in pairs(rows) do
      step = int64(step)
      check(bits(schedule:at(step)) == expected, text, tostring(step))
      check(bits(schedule:values(1, step)[0]) == expected, text, tostring(step))
    end
  end
  check(count > 1300, "cases")
end

-- A loss, "-" for an update without one, or NAME:ARGUMENT:...
local function call(scheduler, text)
  local words = split(text, ":")
  if words[1] == "observe" then
    local numbers = {}
    for i = 2, #words do
      local name, value = words[i]:match("(.*)=(.*)")
      numbers[name] = tonumber(value)
    end
    scheduler:observe(numbers)
  elseif words[1] == "observe_gradient" then scheduler:observe_gradient(tonumber(words[2]), tonumber(words[3]))
  elseif words[1] == "propose" then scheduler:propose(tonumber(words[2]), tonumber(words[3]))
  elseif words[1] == "report" then check(scheduler:report(tonumber(words[2])) == words[3], text)
  elseif text == "-" then scheduler:advance()
  else scheduler:step(tonumber(text)) end
end

local function controllers()
  local scheduler, name, text, traces = nil, nil, nil, 0
  for _, line in ipairs(lines("controllers.txt")) do
    local fields = split(line, "\t")
    if fields[1] == "scheduler" then text = fields[2]
    elseif fields[1] == "base" then scheduler = stepsize.scheduler(text, tonumber(fields[2]))
    elseif #fields == 3 then
      call(scheduler, fields[1])
      check(bits(scheduler:lr()) == bits(tonumber(fields[2])), name, line)
      check(scheduler:decision() == fields[3], name, line)
    else name, traces = line, traces + 1 end
  end
  check(traces >= 56, "traces")
end

local function states()
  for _, line in ipairs(lines("states.txt")) do
    local words = split(line, " ")
    local state = words[2]:gsub("%x%x", function(byte) return string.char(tonumber(byte, 16)) end)
    local scheduler = stepsize.restore(state)
    for update = 40, 44 do
      -- Those that observe more than a loss went without.
      if bit.band(scheduler:needs(), bit.bnot(C.STEPSIZE_NEEDS_LOSS)) ~= 0 then scheduler:advance()
      else scheduler:step(1 + update * 7 % 11 / 8) end
      for group, rate in ipairs(scheduler:lrs()) do
        check(bits(rate) == bits(tonumber(words[2 + 2 * (update - 40) + group])), line:sub(1, 40), tostring(update))
      end
    end
    check(stepsize.restore(scheduler:save()):current_step() == 45, "saved again")
  end
end

local function failures()
  local fine, reason = pcall(stepsize.schedule, "linear(10")
  check(not fine and reason.status == "error_syntax" and reason.offset == 9 and #tostring(reason) > 12, "syntax")
  fine, reason = pcall(stepsize.scheduler, "greedy()", {})
  check(not fine and reason.status == "error_argument", "no groups")
  local scheduler = stepsize.scheduler("greedy()", { 0.1, 0.2 }, { max_lr = 0.15 })
  check(scheduler:lr(1) == 0.15 and #scheduler:lrs() == 2, "bounds")
  fine, reason = pcall(scheduler.step, scheduler)
  check(not fine and reason.status == "error_loss_required", "loss")
  fine, reason = pcall(stepsize.restore, "damaged")
  check(not fine and reason.status == "error_state", "state")

  local rise, fall = stepsize.schedule("warmup(10)"), stepsize.schedule("cosine(90)")
  local both = rise:followed_by(fall)
  check(tostring(both) == "warmup(10) >> cosine(90)" and both:length() == 100, "sequence")
  check(tostring(0.5 * (rise * fall)) == "0.5 * warmup(10) * cosine(90)", "product")
  check(not stepsize.schedule("constant()"):length() and tostring(stepsize.table { 1, 0.5 }) == "table([1, 0.5])", "table")
  local value = both:at(5)
  rise, fall = nil, nil
  for _ = 1, 1000 do stepsize.schedule("linear(9)") end
  collectgarbage()
  check(both:at(5) == value, "what others were made from may be collected")
end

local function record_and_extension()
  local scheduler = stepsize.scheduler("linear(10)", 0.5, { record = true })
  local used = {}
  for update = 1, 5 do
    used[update] = scheduler:lr()
    scheduler:step()
  end
  local replay = scheduler:replay()
  for update, rate in ipairs(used) do check(replay:at(update - 1) == rate, "replay") end
  scheduler:extend(stepsize.schedule("constant()"))
  check(scheduler:lr() == 0.5 and scheduler:current_step() == 5 and scheduler:stop_reason() == "none", "extension")
  check(tostring(stepsize.schedule("warmup(10%) >> cosine(rest)", 100)) == "warmup(10) >> cosine(90)", "shares")
end

record_and_extension()
schedules()
controllers()
states()
failures()
print(("%d passed, 0 failed"):format(checked))
