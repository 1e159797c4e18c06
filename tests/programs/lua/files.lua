-- Reading, writing, seeking, a child process, and an exit code.
local out = assert(io.open("made", "w"))
for i = 1, 1000 do out:write(i, "\n") end
out:close()
local sum = 0
for line in io.lines("made") do sum = sum + tonumber(line) end
print(sum)
local file = io.open("made", "rb")
print(file:seek("end"), file:seek("set", 10), file:read("l"), file:read(4))
file:close()
print(io.open("nope"))
local child = io.popen("echo from a child; exit 3")
print(child:read("a"), child:close())
print(os.rename("made", "renamed"), os.remove("nope"))
print(io.read("n", "l", "a"))
io.stderr:write("done\n")
os.exit(9)
