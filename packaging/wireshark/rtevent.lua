-- rt-event/1 for Wireshark and tshark: one JSON object a line, put together again where it is split over segments.
--
-- Copy it to the folder of personal Lua plugins (Help > About > Folders), or give it as `tshark -X lua_script:rtevent.lua`.
-- On 3706 it is used by itself, in TLS by the ALPN rt-event/1, and on any other port by what a conversation begins with.
-- Fields: rtevent.word, rtevent.type, rtevent.source, rtevent.id, rtevent.topic, rtevent.cursor, rtevent.code ...

local proto = Proto("rtevent", "Real-Time Event Protocol")

local MAX_LINE = 1024 * 1024 -- a longer line is not waited for

-- the text members that are shown as fields of their own
local NAMES = {
  "type", "source", "id", "topic", "cursor", "subject", "time", "specversion", -- events
  "protocol", "software", "node", "epoch", "durable", "from", "client", "at", "after", "before", "reason", "oldest", "newest",
  "name", "retry", "text",
}
local NUMBERS = { "code", "seq", "max", "mark", "count", "n", "after_ms", "tls" }

local fields = {
  word = ProtoField.string("rtevent.word", "Control word"),
  line = ProtoField.string("rtevent.line", "Line"),
  data = ProtoField.string("rtevent.data", "Data"),
}
for _, name in ipairs(NAMES) do
  fields[name] = ProtoField.string("rtevent." .. name, name)
end
local numbers = {}
for _, name in ipairs(NUMBERS) do
  numbers[name] = ProtoField.uint64("rtevent." .. name, name)
end
local list = {}
for _, kind in ipairs({ fields, numbers }) do
  for _, field in pairs(kind) do
    list[#list + 1] = field
  end
end
proto.fields = list

local bad = ProtoExpert.new("rtevent.bad", "Not a line of rt-event/1", expert.group.MALFORMED, expert.severity.WARN)
proto.experts = { bad }

local ESCAPES = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/" }

local function utf8_of(code)
  if code < 0x80 then
    return string.char(code)
  elseif code < 0x800 then
    return string.char(0xC0 + math.floor(code / 64), 0x80 + code % 64)
  end
  return string.char(0xE0 + math.floor(code / 4096), 0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
end

local function unescape(s)
  s = s:gsub("\\u(%x%x%x%x)", function(hex)
    return utf8_of(tonumber(hex, 16))
  end)
  return (s:gsub('\\([bfnrt"\\/])', ESCAPES))
end

-- text_end gives the place of the quote that ends the text which begins at `from`, or nil.
local function text_end(line, from)
  local at = from + 1
  while true do
    local quote = line:find('["\\]', at)
    if not quote then
      return nil
    elseif line:byte(quote) == 0x22 then
      return quote
    end
    at = quote + 2
  end
end

-- value_end gives the last place of the value that begins at `from`: a text, a list or object with all inside, or a scalar.
local function value_end(line, from)
  local depth, at = 0, from
  while at <= #line do
    local c = line:sub(at, at)
    if c == '"' then
      at = text_end(line, at)
      if not at then
        return nil
      end
    elseif c == "{" or c == "[" then
      depth = depth + 1
    elseif c == "}" or c == "]" then
      if depth == 0 then
        return at - 1
      end
      depth = depth - 1
    elseif c == "," and depth == 0 then
      return at - 1
    end
    if depth == 0 and (c == '"' or c == "}" or c == "]") then
      return at
    end
    at = at + 1
  end
  return nil
end

-- members calls each(name, value, first, last) for the members of the object itself; it returns false where the line is no
-- object.
local function members(line, each)
  local at = line:match("^%s*{()")
  if not at then
    return false
  end
  while true do
    local first = line:match('^[%s,]*()"', at)
    if not first then
      return line:match("^[%s]*}%s*$", at) ~= nil
    end
    local quote = text_end(line, first)
    local value = quote and line:match("^%s*:%s*()", quote + 1)
    local last = value and value_end(line, value)
    if not last then
      return false
    end
    each(unescape(line:sub(first + 1, quote - 1)), line:sub(value, last), first, last)
    at = last + 1
  end
end

-- number_of reads digits, nine at a time, since Lua's own numbers are exact up to 2^53 only.
local function number_of(digits)
  local n = UInt64.new(0)
  for chunk in digits:match("%d+"):gmatch("%d%d?%d?%d?%d?%d?%d?%d?%d?") do
    n = n * UInt64.new(10 ^ #chunk) + UInt64.new(tonumber(chunk))
  end
  return n
end

-- show puts a line into the tree and returns what it is, in short.
local function show(range, root)
  local line = range:raw()
  local tree = root:add(proto, range)
  tree:add(fields.line, range, (line:gsub("%s+$", "")))
  local seen = {}
  local whole = members(line, function(name, value, first, last)
    local part = range(first - 1, last - first + 1)
    local text = value:match('^"(.*)"%s*$')
    if name == "rt" and text then
      seen.word = unescape(text)
      tree:add(fields.word, part, seen.word)
    elseif name == "data" or name == "data_base64" then
      tree:add(fields.data, part, value)
    elseif fields[name] and text and name ~= "line" and name ~= "word" then
      seen[name] = seen[name] or unescape(text)
      tree:add(fields[name], part, unescape(text))
    elseif numbers[name] and value:match("^%d+%s*$") and #value < 20 then
      tree:add(numbers[name], part, number_of(value))
    end
  end)
  if not whole or not (seen.word or seen.specversion) then
    tree:add_proto_expert_info(bad)
    return "(not rt-event)"
  end
  local what = seen.word or ("event " .. (seen.type or "?"))
  local where = seen.cursor or seen.at
  tree:append_text(", " .. what .. (where and (", " .. where) or ""))
  return what
end

function proto.dissector(buffer, pinfo, root)
  pinfo.cols.protocol = "RT-EVENT"
  local whats, from, length = {}, 0, buffer:len()
  while from < length do
    local rest = buffer(from)
    local stop = rest:raw():find("\n", 1, true)
    if not stop then
      if length - from > MAX_LINE then
        root:add(proto, rest):add_proto_expert_info(bad)
        return
      end
      pinfo.desegment_offset = from
      pinfo.desegment_len = DESEGMENT_ONE_MORE_SEGMENT
      break
    end
    if rest:raw():sub(1, stop):match("%S") then
      whats[#whats + 1] = show(buffer(from, stop), root)
    end
    from = from + stop
  end
  if #whats > 0 then
    local many = #whats > 8 and (" and " .. #whats - 8 .. " more") or ""
    pinfo.cols.info = table.concat(whats, ", ", 1, math.min(#whats, 8)) .. many
  end
end

DissectorTable.get("tcp.port"):add(3706, proto)
DissectorTable.get("tls.alpn"):add("rt-event/1", proto)
DissectorTable.get("tls.port"):add(3707, proto)

-- A conversation elsewhere is known by a greeting, or by a word that only this protocol has.
local function heuristic(buffer, pinfo, root)
  local first = buffer(0, math.min(buffer:len(), 256)):raw()
  if not (first:match('^{"rt":"ready",.*"protocol":"rt%-event/') or first:match('^%s*{"rt":"%l+"[,}]')) then
    return false
  end
  pinfo.conversation = proto
  proto.dissector(buffer, pinfo, root)
  return true
end
proto:register_heuristic("tcp", heuristic)
