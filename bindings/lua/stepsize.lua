--- Learning rates, one per optimizer update: schedules, controllers and schedulers of libstepsize, for LuaJIT.
--
--     local stepsize = require("stepsize")
--     local scheduler = stepsize.scheduler("warmup(500) >> cosine(9500, floor=0.1)", 1e-3)
--     for update = 1, 10000 do
--       train(scheduler:lr())
--       scheduler:step()
--     end
--
-- No rate is computed here. Objects are freed when they are collected. A failure is an error whose value is a table with
-- `status`, such as "error_syntax", `message` and, where a text could not be read, `offset`; pcall catches it. Nothing has
-- changed then. `stepsize.C` is the library itself, for functions that are not here.

local ffi = require("ffi")
local interface = require("stepsize.interface")

local C = ffi.load(os.getenv("STEPSIZE_LIBRARY") or "libstepsize.so." .. interface.abi_version)
assert(C.stepsize_abi_version() == interface.abi_version, "stepsize: the library has another ABI number")

local Error = { __tostring = function(self) return "stepsize: " .. self.message end }

local function fail(status, message, offset)
  error(setmetatable({ status = interface.status[status] or "unknown", message = message, offset = offset }, Error), 0)
end

-- The failure of a call that says no more than its status.
local function check(status)
  if status ~= C.STEPSIZE_OK then fail(status, ffi.string(C.stepsize_status_name(status))) end
end

-- Calls a function that says why it fails.
local function checked(call, ...)
  local reason = ffi.new("stepsize_error")
  local arguments, count = { ... }, select("#", ...)
  arguments[count + 1] = reason
  local status = call(unpack(arguments, 1, count + 1))
  if status ~= C.STEPSIZE_OK then
    fail(status, ffi.string(reason.text), reason.offset >= 0 and tonumber(reason.offset) or nil)
  end
end

-- Calls a function that makes an object of a kind, such as "stepsize_schedule", which is freed when it is collected.
local function made(kind, call, ...)
  local out = ffi.new(kind .. "*[1]")
  local arguments, count = { ... }, select("#", ...)
  arguments[count + 1] = out
  checked(call, unpack(arguments, 1, count + 1))
  return ffi.gc(out[0], C[kind .. "_destroy"])
end

-- Calls a function that writes bytes: for their number, then for the bytes.
local function written(call, object, element, ending)
  local size = ffi.new("size_t[1]")
  check(call(object, nil, 0, size))
  local buffer = ffi.new(element .. "[?]", size[0] + ending)
  check(call(object, buffer, size[0] + ending, size))
  return ffi.string(buffer, size[0])
end

-- A number or a list of numbers as an array, and how many they are.
local function reals(values)
  if type(values) == "number" then values = { values } end
  values = values or {}
  return #values > 0 and ffi.new("double[?]", #values, values) or nil, #values
end

local Schedule = {}
Schedule.__index = Schedule
local Scheduler = {}
Scheduler.__index = Scheduler

local function schedule_of(call, ...)
  return setmetatable({ handle = made("stepsize_schedule", call, ...) }, Schedule)
end

--- The multiplier for an update: a number, or an int64_t beyond 2^53.
function Schedule:at(step) return C.stepsize_schedule_at(self.handle, step) end

--- An array of `count` rates, from 0, for the updates first, first + stride and so on.
function Schedule:values(count, first, stride, base_lr)
  local out = ffi.new("double[?]", count)
  check(C.stepsize_schedule_fill(self.handle, first or 0, stride or 1, base_lr or 1, out, count))
  return out
end

--- Updates, or nil where it has no end.
function Schedule:length()
  local length = C.stepsize_schedule_length(self.handle)
  if length ~= interface.never then return tonumber(length) end
end

--- This one for its length, then another from its own step 0.
function Schedule:followed_by(next)
  return schedule_of(C.stepsize_schedule_sequence, self.handle, next.handle)
end

function Schedule:__tostring() return written(C.stepsize_schedule_print, self.handle, "char", 1) end

--- The product of two schedules at the same step, or of a schedule and a number.
function Schedule.__mul(a, b)
  if type(a) == "number" then a, b = b, a end
  if type(b) == "number" then return schedule_of(C.stepsize_schedule_scale, a.handle, b) end
  return schedule_of(C.stepsize_schedule_product, a.handle, b.handle)
end

--- The rate of a group, from 0, for the current update; NaN where there is no such group.
function Scheduler:lr(group) return C.stepsize_scheduler_lr(self.handle, group or 0) end

--- The rates of all groups, as a list.
function Scheduler:lrs()
  local rates = {}
  for group = 1, tonumber(C.stepsize_scheduler_group_count(self.handle)) do rates[group] = self:lr(group - 1) end
  return rates
end

--- Goes to the next update; a loss is that of the last one.
function Scheduler:step(loss)
  if loss then check(C.stepsize_scheduler_step_with_loss(self.handle, loss, nil, 0))
  else check(C.stepsize_scheduler_step(self.handle, nil, 0)) end
end

--- Goes so many updates on, by default one, without showing a loss.
function Scheduler:advance(updates) check(C.stepsize_scheduler_advance_by(self.handle, updates or 1, nil, 0)) end

--- Shows what is known of an update before it is made: a table such as { loss = 1, grad_norm = 0.5 }, or one for each group.
function Scheduler:observe(...)
  local observations = ffi.new("stepsize_observation[?]", select("#", ...))
  for i, numbers in ipairs { ... } do
    local seen = observations[i - 1]
    seen.size = ffi.sizeof("stepsize_observation")
    for name, value in pairs(numbers) do
      seen[name] = value
      seen.given = seen.given + C["STEPSIZE_SCALAR_" .. name:upper()]
    end
  end
  checked(C.stepsize_scheduler_observe, self.handle, observations, select("#", ...), nil, 0)
end

--- Shows products of the gradient and the last update to a hypergradient controller.
function Scheduler:observe_gradient(dots, norms)
  local products, count = reals(dots)
  local lengths, length_count = reals(norms)
  if norms and length_count ~= count then check(C.STEPSIZE_ERROR_SIZE) end -- one count is for both
  check(C.stepsize_scheduler_observe_gradient(self.handle, products, lengths, count, nil, 0))
end

--- Begins a line search; the rates are those of the first trial.
function Scheduler:propose(loss, squared_norms)
  local norms, count = reals(squared_norms)
  check(C.stepsize_scheduler_propose(self.handle, loss, norms, count, nil, 0))
end

--- Judges a trial by the loss after it: "accepted", "retry" or "failed".
function Scheduler:report(loss, squared_distances)
  local trial = ffi.new("stepsize_trial[1]")
  local distances, count = reals(squared_distances)
  check(C.stepsize_scheduler_report(self.handle, loss, distances, count, trial, nil, 0))
  return interface.trial[trial[0]]
end

--- The recorded rates of a group, from 0, as a schedule for a base rate of 1.
function Scheduler:replay(group) return schedule_of(C.stepsize_scheduler_replay, self.handle, group or 0) end

--- Another schedule from the current update on.
function Scheduler:extend(schedule) checked(C.stepsize_scheduler_extend, self.handle, schedule.handle) end

--- The update that the current rates are for.
function Scheduler:current_step() return tonumber(C.stepsize_scheduler_get_step(self.handle)) end

--- What the controller did with the last loss, such as "cut".
function Scheduler:decision() return interface.decision[C.stepsize_scheduler_decision(self.handle)] end

--- Why the training can stop, such as "end"; "none" where there is no reason to.
function Scheduler:stop_reason() return interface.stop[C.stepsize_scheduler_stop_reason(self.handle)] end

--- What has to be shown at each update: a sum of STEPSIZE_NEEDS_...
function Scheduler:needs() return C.stepsize_scheduler_needs(self.handle) end

--- Everything that is needed to continue, as a string of bytes.
function Scheduler:save() return written(C.stepsize_scheduler_save, self.handle, "uint8_t", 0) end

function Scheduler:__tostring() return written(C.stepsize_scheduler_print, self.handle, "char", 1) end

local stepsize = { C = C, interface = interface }

--- A schedule from its text form; with a total, of which the text may give shares, such as "warmup(10%) >> cosine(rest)".
function stepsize.schedule(text, total)
  if total then return schedule_of(C.stepsize_schedule_bind, text, #text, total) end
  return schedule_of(C.stepsize_schedule_parse, text, #text)
end

--- A schedule of multipliers, one for each update; the last one holds.
function stepsize.table(values) return schedule_of(C.stepsize_schedule_table, reals(values)) end

--- A scheduler from the text form of controllers and schedule, with a base rate or a list of one for each group.
-- Options: min_lr and max_lr, as base rates are given; record; total.
function stepsize.scheduler(text, base_lrs, options)
  options = options or {}
  local given = ffi.new("stepsize_scheduler_options")
  check(C.stepsize_scheduler_defaults(given, ffi.sizeof(given)))
  -- Locals, so that the arrays live until the call is over.
  local base, base_count = reals(base_lrs)
  local lowest, lowest_count = reals(options.min_lr)
  local highest, highest_count = reals(options.max_lr)
  given.base_lr, given.group_count = base, base_count
  given.min_lr, given.min_lr_count = lowest, lowest_count
  given.max_lr, given.max_lr_count = highest, highest_count
  given.record, given.total = options.record and 1 or 0, options.total or 0
  return setmetatable({ handle = made("stepsize_scheduler", C.stepsize_scheduler_parse, text, #text, given) }, Scheduler)
end

--- A scheduler from what save has returned, in this or another language.
function stepsize.restore(state)
  return setmetatable({ handle = made("stepsize_scheduler", C.stepsize_scheduler_restore, state, #state) }, Scheduler)
end

return stepsize
