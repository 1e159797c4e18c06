-- An error nobody catches: a traceback on stderr and exit code 1.
local function inner() local nothing = nil; return nothing.field end
local function outer() return (inner()) end
print("before")
outer()
