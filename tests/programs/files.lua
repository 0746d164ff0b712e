-- SPDX-License-Identifier: BSD-2-Clause
--
-- Files, time and missing features: for t-languages.sh.
local file = assert(io.open("numbers", "w+"))
for i = 1, 1000 do file:write(i, "\n") end
file:seek("set", 0)
local sum = 0
for line in file:lines("n") do sum = sum + line end
print(sum, file:seek("end"))
file:close()
print(io.open("missing"))
print(os.rename("numbers", "renamed"), os.remove("numbers"))
print(os.date("!%Y-%m-%dT%H:%M:%S", 86400), os.time() > 1600000000)
print(os.clock() >= 0, os.getenv("LANG"), os.getenv("HOME"))
local name = "tmp/" .. "scratch"
io.output(name)
io.write("text")
io.close()
for line in io.lines(name) do print(line) end
print(type(debug.traceback()), package.config:sub(1, 1))
os.exit(11)
