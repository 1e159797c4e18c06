-- Loops that are compiled while they run, a call into C, tables, coroutines, errors, a child process.
local ffi = require("ffi")
ffi.cdef("int getpid(void); size_t strlen(const char *); typedef struct { double x, y; } point;")

local sum = 0
for i = 1, 300000 do sum = sum + i % 7 * (i % 3) end
print(sum, ffi.C.getpid() > 0, tonumber(ffi.C.strlen("four")))

local points = ffi.new("point[?]", 100)
for round = 1, 200 do
    for i = 0, 99 do points[i].x, points[i].y = points[i].x + i, points[i].y - i / 2 end
end
print(points[99].x, points[99].y)

local words = {}
for i = 1, 2000 do words[i] = ("%04d"):format(i * i % 9973) end
table.sort(words)
print(words[1], words[1000], words[2000])

local function squares(n) for i = 1, n do coroutine.yield(i * i) end end
local total = 0
for square in coroutine.wrap(function() squares(1000) end) do total = total + square end
print(total, pcall(error, "caught"))

for i = 1, 40 do assert(load("return function(x) return x * " .. i .. " end"))()(i) end
local pipe = io.popen("sort", "w")
pipe:write("b\na\n")
pipe:close()
