-- Closures, metatables, coroutines, strings, errors.
local Account = {}
Account.__index = Account
Account.__tostring = function(self) return "Account(" .. self.balance .. ")" end
function Account.new(balance) return setmetatable({balance = balance}, Account) end
function Account:withdraw(amount)
  if amount > self.balance then error("insufficient funds", 2) end
  self.balance = self.balance - amount
end

local account = Account.new(100)
account:withdraw(30)
print(account, pcall(account.withdraw, account, 1000))

local function squares(n)
  return coroutine.wrap(function() for i = 1, n do coroutine.yield(i * i) end end)
end
local list = {}
for value in squares(10) do list[#list + 1] = value end
print(table.concat(list, ","), #list)

print(("hello world"):gsub("o", "0"), ("%5.2f|%-5d|%q"):format(math.pi, 42, "a\nb"))
print(string.pack("<i4", 7):byte(1, -1), 7 // 2, 7 % -3, 2 ^ 53, 1 << 62, 10 / 3)
for word, rest in ("key=value; other=thing"):gmatch("(%w+)=(%w+)") do print(word, rest) end
table.sort(list, function(a, b) return a > b end)
print(list[1], select("#", table.unpack(list)), math.type(3), math.type(3.0))
print(os.getenv("HOME") ~= nil, os.getenv("NOT_THERE"), os.date("!%Y-%m-%d", 0))
local total = 0
for i = 1, 200000 do total = total + i % 7 end
print(total)
