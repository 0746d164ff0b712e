-- SPDX-License-Identifier: BSD-2-Clause
--
-- Work: sorting, much garbage, long strings; for t-languages.sh.
local seed = 42
local function random()
	seed = (seed * 1103515245 + 12345) % 2147483648
	return seed
end
local list = {}
for i = 1, 20000 do list[i] = random() end
table.sort(list)
for i = 2, #list do assert(list[i - 1] <= list[i]) end
print(list[1], list[#list])
local before = collectgarbage("count")
for i = 1, 200000 do local t = { i, tostring(i) } end
collectgarbage()
print(collectgarbage("count") < before + 1000)
local parts = {}
for i = 1, 20000 do parts[#parts + 1] = ("%d:%s"):format(i, ("x"):rep(i % 50)) end
local text = table.concat(parts, ",")
local sum = 0
for i = 1, #text do sum = (sum * 31 + text:byte(i)) % 4294967296 end
print(#text, sum)
local weak = setmetatable({}, { __mode = "k" })
for i = 1, 100 do weak[{}] = i end
collectgarbage()
print(next(weak) == nil)
-- Queens, all 8 x 8 of them.
local found, n = 0, 8
local function place(row, columns, up, down)
	if row > n then found = found + 1; return end
	for c = 1, n do
		if not (columns[c] or up[row + c] or down[row - c]) then
			columns[c], up[row + c], down[row - c] = true, true, true
			place(row + 1, columns, up, down)
			columns[c], up[row + c], down[row - c] = nil, nil, nil
		end
	end
end
place(1, {}, {}, {})
print(found)
