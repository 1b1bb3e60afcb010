-- SPDX-License-Identifier: GPL-2.0-only
-- Wireshark: whose a packet is, as fields, from the comment that hone-relayread
-- writes. To be put into the plugins folder, or: tshark -X lua_script:hone.lua

local hone = Proto("hone", "Process of a packet (Hone)")

local f = {
	PID = ProtoField.uint32("hone.pid", "Process"),
	TID = ProtoField.uint32("hone.tid", "Thread"),
	UID = ProtoField.uint32("hone.uid", "User"),
	COMM = ProtoField.string("hone.comm", "Name"),
	CONN = ProtoField.uint64("hone.conn", "Connection"),
	DEV = ProtoField.string("hone.dev", "Interface"),
	GONE = ProtoField.bool("hone.gone", "Process had ended"),
	MADE = ProtoField.string("hone.made", "Made by"),
	ALSO = ProtoField.string("hone.also", "Other receivers"),
	Q = ProtoField.string("hone.quality", "Quality"),
}

hone.fields = { f.PID, f.TID, f.UID, f.COMM, f.CONN, f.DEV, f.GONE, f.MADE,
		f.ALSO, f.Q }

local comments = Field.new("frame.comment")

local function decoded(s)
	return (s:gsub("%%(%x%x)", function(hex)
		return string.char(tonumber(hex, 16))
	end))
end

-- The keys stand in no other program's comments in this form.
local function words(comment)
	local w = {}

	for key, value in comment:gmatch("(%u+)=(%S+)") do
		w[key] = value
	end
	return w.Q and w
end

local order = { "PID", "TID", "UID", "COMM", "CONN", "DEV", "GONE", "MADE",
		"ALSO", "Q" }

local function add(tree, key, value)
	if key == "PID" or key == "TID" or key == "UID" then
		tree:add(f[key], tonumber(value))
	elseif key == "CONN" then
		tree:add(f[key], UInt64(value))
	elseif key == "GONE" then
		tree:add(f[key], value == "1")
	else
		tree:add(f[key], decoded(value))
	end
end

function hone.dissector(tvb, pinfo, tree)
	for _, comment in ipairs({ comments() }) do
		local w = words(tostring(comment.value))

		if w then
			local sub = tree:add(hone, (w.COMM and decoded(w.COMM) or "no process")
				.. (w.PID and " [" .. w.PID .. "]" or ""))

			for _, key in ipairs(order) do
				if w[key] then
					add(sub, key, w[key])
				end
			end
			return
		end
	end
end

register_postdissector(hone)
