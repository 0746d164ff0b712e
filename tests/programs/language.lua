-- SPDX-License-Identifier: BSD-2-Clause
--
-- The language: for t-languages.sh.
local function fib(n) return n < 2 and n or fib(n - 1) + fib(n - 2) end
print(fib(22), 7 // 2, 7 / 2, 2 ^ 53, 1 << 40, 0x7fffffffffffffff + 1)
print(math.sqrt(2), math.pi, math.huge, -math.huge, 0 / 0 ~= 0 / 0)
print(string.format("%5d|%-8s|%8.3f|%q|%x", 42, "left", math.pi, "a\nb", 255))
print(("The quick brown fox"):gsub("(%w+) (%w+)", "%2 %1"))
for key, value in ("a=1, b=22"):gmatch("(%w+)=(%w+)") do io.write(key, value, ";") end
print()
local producer = coroutine.wrap(function()
	for i = 1, 5 do coroutine.yield(i * i) end
	return "done"
end)
for _ = 1, 6 do io.write(tostring(producer()), " ") end
print()
local account = setmetatable({ total = 0 }, {
	__add = function(self, n) self.total = self.total + n; return self end,
	__tostring = function(self) return "account of " .. self.total end,
	__index = function(_, key) return "no " .. key end,
	__close = function() print("closed") end,
})
do
	local scoped <close> = account
	print(tostring(scoped + 5 + 6), scoped.name)
end
print(pcall(error, "told", 0))
print(select(2, pcall(function() local x = nil; return x.y end)))
print(select("#", table.unpack({ 1, 2, 3 })), #"длина", utf8.len("длина"))
local goto_count = 0
::again::
goto_count = goto_count + 1
if goto_count < 3 then goto again end
print(goto_count, load("return ...")(9))
