-- Gradient descent on a parabola, with GreedyLR on top of a schedule; interrupted once, and resumed from a saved state.
--     LUA_PATH="bindings/lua/?.lua" luajit bindings/lua/example.lua
local stepsize = require("stepsize")

local scheduler = stepsize.scheduler("greedy(patience=5) * (warmup(10) >> cosine(190, floor=0.1))", 0.2)
local x = 3.0
for update = 0, 199 do
  x = x - scheduler:lr() * 2 * x
  scheduler:step(x * x)
  if update == 99 then
    scheduler = stepsize.restore(scheduler:save())
    print(("update %d: %s, decision %s"):format(scheduler:current_step(), tostring(scheduler), scheduler:decision()))
  end
end
print(("loss %.3e, %s"):format(x * x, scheduler:stop_reason()))
assert(x * x < 1e-6)
