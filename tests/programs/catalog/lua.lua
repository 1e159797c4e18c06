-- Lua: closures, coroutines, metatables, patterns, files, a child process, errors.
local function counter() local n = 0; return function() n = n + 1; return n end end
local c = counter(); c(); print(c(), #arg, _VERSION)
local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i * i) end end)
print(co(), co(), co())
local Vector = {}; Vector.__index = Vector
Vector.__add = function(a, b) return setmetatable({ x = a.x + b.x }, Vector) end
Vector.__tostring = function(v) return "Vector(" .. v.x .. ")" end
print(tostring(setmetatable({ x = 1 }, Vector) + setmetatable({ x = 2 }, Vector)))
print(("key = value"):match("(%w+)%s*=%s*(%w+)"), ("abc"):rep(3, "-"), ("%5.2f|%q"):format(math.pi, "a\n"))
local file = assert(io.open("lua.txt", "w")); file:write("one\n", 2, "\n"); file:close()
for line in io.lines("lua.txt") do io.write(line, ";") end print(os.remove("lua.txt"))
local pipe = io.popen("echo from a child; exit 3"); print(pipe:read("a"), pipe:close())
print(os.getenv("HOME") ~= nil, os.time({ year = 2001, month = 1, day = 1, hour = 0 }))
print(pcall(error, { code = 7 }), select("#", table.unpack({ 1, nil, 3 }, 1, 3)), 7 // 2, 7 % -3, 1 << 40, 2 ^ 0.5)
local words = {}; for w in ("the quick brown fox jumps over the dog"):gmatch("%a+") do words[#words + 1] = w end
table.sort(words, function(a, b) return a > b end); print(table.concat(words, " "))
collectgarbage(); print(utf8.char(252, 8364), utf8.len("gr\u{fc}\u{df}e"), string.pack("<I4", 7):byte(1, -1))
os.exit(5)
