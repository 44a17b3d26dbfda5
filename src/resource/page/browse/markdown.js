// SPDX-License-Identifier: MIT
// A small part of Markdown as elements, never as HTML text: headings, paragraphs, lists, quotes,
// code, tables, rules; within them emphasis, code, links and pictures of this server. HTML in the
// source is shown as it is written. Every pattern has bounds, so that no text makes it slow.

// An address to link to: only these schemes, else null.
function safeAddress(text, base) {
    try {
        const url = new URL(text, base);
        return ["http:", "https:", "mailto:"].includes(url.protocol) ? url : null;
    } catch (error) {
        return null;
    }
}

const INLINE = new RegExp([
    /\\([!-\/:-@[-`{-~])/,                                            // 1 an escaped character
    /`([^`\n]{1,400})`/,                                              // 2 code
    /!\[([^\]\n]{0,200})\]\(([^()\s]{1,500})(?: "[^"\n]{0,200}")?\)/, // 3, 4 a picture
    /\[([^\]\n]{1,400})\]\(([^()\s]{1,500})(?: "[^"\n]{0,200}")?\)/,  // 5, 6 a link
    /<(https?:[^<>\s]{1,500})>/,                                      // 7 an address in brackets
    /(https?:\/\/[^\s<>()"']{1,500}[^\s<>()"'.,;:!?])/,               // 8 a bare address
    /\*\*([^*\n][^\n]{0,400}?)\*\*/,                                  // 9 strong
    /__([^_\n]{1,400})__/,                                            // 10 strong
    /\*([^*\s][^*]{0,400})\*/,                                        // 11 emphasis
    /(?<![\p{L}\p{N}])_([^_\s][^_]{0,400})_(?![\p{L}\p{N}])/,         // 12 emphasis
    /~~([^~\n]{1,400})~~/,                                            // 13 struck out
    /(?: {2}|\\)\n/,                                                  // a line break
].map((part) => part.source).join("|"), "gu");

function markdownLink(address, base, content) {
    const url = safeAddress(address, base);
    if (!url)
        return make("span", {}, ...content);
    const isHere = url.origin === location.origin;
    return make("a", {href: url.href, rel: "noopener noreferrer",
                      target: isHere ? null : "_blank"}, ...content);
}

function inlineNode(found, base, depth) {
    const inner = (text) => inlineNodes(text, base, depth + 1);
    if (found[1] !== undefined)
        return found[1];
    if (found[2] !== undefined)
        return make("code", {}, found[2]);
    if (found[4] !== undefined) {
        const url = safeAddress(found[4], base);
        return url && url.origin === location.origin
            ? make("img", {src: url.href, alt: found[3], loading: "lazy"})
            : markdownLink(found[4], base, [found[3] || found[4]]);
    }
    if (found[6] !== undefined)
        return markdownLink(found[6], base, inner(found[5]));
    if (found[7] !== undefined || found[8] !== undefined)
        return markdownLink(found[7] || found[8], base, [found[7] || found[8]]);
    if (found[9] !== undefined || found[10] !== undefined)
        return make("strong", {}, ...inner(found[9] || found[10]));
    if (found[11] !== undefined || found[12] !== undefined)
        return make("em", {}, ...inner(found[11] || found[12]));
    if (found[13] !== undefined)
        return make("del", {}, ...inner(found[13]));
    return make("br");
}

function inlineNodes(text, base, depth) {
    const nodes = [];
    let at = 0;
    if (depth > 8)
        return [text];
    for (const found of text.matchAll(INLINE)) {
        nodes.push(text.slice(at, found.index), inlineNode(found, base, depth));
        at = found.index + found[0].length;
    }
    nodes.push(text.slice(at));
    return nodes;
}

const BULLET = /^( {0,12})([-*+]|\d{1,9}[.)]) +(.*)$/;

// Takes the lines of one list off the front; what is indented more becomes a list within.
function takeList(lines, base, depth) {
    const [, indent, mark] = BULLET.exec(lines[0]);
    const ordered = /\d/.test(mark);
    const list = make(ordered ? "ol" : "ul", ordered ? {start: String(parseInt(mark, 10))} : {});
    while (lines.length) {
        const item = BULLET.exec(lines[0]);
        if (!item || item[1].length < indent.length || /\d/.test(item[2]) !== ordered)
            break;
        lines.shift();
        const inner = [item[3]];
        while (lines.length && (/^ {2,}\S/.test(lines[0]) || !lines[0].trim() &&
                                /^ {2,}\S/.test(lines[1] || ""))) {
            if (BULLET.exec(lines[0])?.[1].length <= indent.length)
                break;
            inner.push(lines.shift().slice(Math.min(indent.length + 2, 12)));
        }
        const entry = make("li");
        const task = /^\[([ xX])\] /.exec(inner[0]);
        if (task) {
            inner[0] = inner[0].slice(4);
            entry.append(make("input", {type: "checkbox", disabled: true,
                                        checked: task[1] !== " "}));
        }
        const blocks = markdownBlocks(inner, base, depth + 1);
        if (blocks[0]?.nodeName === "P")
            blocks.splice(0, 1, ...blocks[0].childNodes);
        entry.append(...blocks);
        list.append(entry);
    }
    return list;
}

function cellsOf(line) {
    return line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
}

function takeTable(lines, base) {
    const row = (tag, line) => make("tr", {}, ...cellsOf(line).map((cell) =>
        make(tag, {}, ...inlineNodes(cell, base, 0))));
    const head = row("th", lines.shift());
    const body = make("tbody");
    lines.shift();
    while (lines.length && lines[0].includes("|"))
        body.append(row("td", lines.shift()));
    return make("table", {}, make("thead", {}, head), body);
}

function takeWhile(lines, test) {
    const taken = [];
    while (lines.length && test(lines[0]))
        taken.push(lines.shift());
    return taken;
}

const STARTS_BLOCK = /^ {0,3}(#{1,6} |>|```|~~~|([-*_])( *\2){2,} *$)/;

function takeBlock(lines, base, depth) {
    const line = lines[0];
    const heading = /^ {0,3}(#{1,6}) +(.*?)[ #]*$/.exec(line);
    const fence = /^ {0,3}(```|~~~)/.exec(line);
    if (heading) {
        lines.shift();
        return make("h" + heading[1].length, {}, ...inlineNodes(heading[2], base, 0));
    }
    if (fence) {
        lines.shift();
        const code = takeWhile(lines, (text) => !text.trim().startsWith(fence[1]));
        lines.shift();
        return make("pre", {}, make("code", {}, code.join("\n")));
    }
    if (/^ {0,3}([-*_])( *\1){2,} *$/.test(line)) {
        lines.shift();
        return make("hr");
    }
    if (/^ {0,3}>/.test(line)) {
        const quoted = takeWhile(lines, (text) => /^ {0,3}>/.test(text))
            .map((text) => text.replace(/^ {0,3}> ?/, ""));
        return make("blockquote", {}, ...markdownBlocks(quoted, base, depth + 1));
    }
    if (BULLET.test(line))
        return takeList(lines, base, depth);
    if (/^ {4}/.test(line)) {
        const code = takeWhile(lines, (text) => /^ {4}/.test(text));
        return make("pre", {}, make("code", {}, code.map((text) => text.slice(4)).join("\n")));
    }
    if (line.includes("|") && /^[ |:-]*-[ |:-]*$/.test(lines[1] || "") && lines[1].includes("|"))
        return takeTable(lines, base);
    const text = [lines.shift(), ...takeWhile(lines, (next) => next.trim() &&
        !STARTS_BLOCK.test(next) && !BULLET.test(next) && !/^(=+|-+) *$/.test(next))];
    if (/^(=+|-+) *$/.test(lines[0] || ""))
        return make(lines.shift()[0] === "=" ? "h1" : "h2", {},
                    ...inlineNodes(text.join("\n"), base, 0));
    return make("p", {}, ...inlineNodes(text.join("\n"), base, 0));
}

function markdownBlocks(lines, base, depth) {
    const blocks = [];
    if (depth > 16)
        return [make("p", {}, lines.join("\n"))];
    while (lines.length) {
        if (lines[0].trim())
            blocks.push(takeBlock(lines, base, depth));
        else
            lines.shift();
    }
    return blocks;
}

function markdown(text, base) {
    return make("article", {class: "markdown"},
                ...markdownBlocks(text.replace(/\r\n?/g, "\n").replace(/\t/g, "    ").split("\n"),
                                  base, 0));
}
