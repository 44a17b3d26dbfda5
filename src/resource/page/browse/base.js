// SPDX-License-Identifier: MIT
// What the other parts stand on: making elements, asking the server, and telling what happened.
// Text that others chose (names, contents, answers) only ever becomes a text node or an attribute.

const folder = new URL(".", location.href);
const writable = "writable" in document.querySelector("main").dataset;
const hasArchives = "archives" in document.querySelector("main").dataset;

// make("a", {href: x, onclick: f, disabled: true}, "text", node)
function make(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
        if (typeof value === "function")
            node.addEventListener(name.slice(2), value);
        else if (value !== false && value !== null && value !== undefined)
            node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
}

function iconButton(icon, label, onclick) {
    return make("button", {type: "button", class: "icon " + icon, "aria-label": label, title: label,
                           onclick});
}

// An answer that is no success, or none at all (status 0: the connection was lost).
class Problem extends Error {
    constructor(title, advice, status) {
        super(title);
        this.advice = advice || "";
        this.status = status || 0;
    }
}

function lostConnection() {
    return new Problem("The server could not be reached",
                       "Check the connection, then try again.", 0);
}

function problemFromText(status, type, text) {
    if (/^application\/(problem\+)?json/.test(type || "")) {
        try {
            const told = JSON.parse(text);
            const advice = [told.detail, told.advice].filter((s) => typeof s === "string");
            return new Problem(String(told.title || "The server refused"), advice.join(" "), status);
        } catch (error) {
            // not JSON after all: the status has to do
        }
    }
    return new Problem("The server answered with status " + status, "", status);
}

// RFC 4918, section 11.1: some of a tree could not be done. Tells which.
function problemFromMultistatus(text) {
    const xml = new DOMParser().parseFromString(text, "application/xml");
    const failed = [];
    for (const response of xml.getElementsByTagNameNS("DAV:", "response")) {
        const href = response.getElementsByTagNameNS("DAV:", "href")[0];
        const status = response.getElementsByTagNameNS("DAV:", "status")[0];
        if (href && status && !/ (2\d\d|424)\b/.test(status.textContent))
            failed.push(lastName(new URL(href.textContent, folder)));
    }
    const names = failed.slice(0, 5).join(", ") + (failed.length > 5 ? "\u2026" : "");
    return new Problem("Only a part could be done",
                       names ? "These are still as they were: " + names + "." : "", 207);
}

// Throws a Problem unless the answer is a success or its status is among `expected`.
async function send(method, url, fields, expected) {
    let response;
    try {
        response = await fetch(url, {method, cache: "no-store",
            headers: {Accept: "application/problem+json, application/json;q=0.9", ...fields}});
    } catch (error) {
        throw lostConnection();
    }
    if (response.status === 207)
        throw problemFromMultistatus(await response.text());
    if (!response.ok && !(expected || []).includes(response.status))
        throw problemFromText(response.status, response.headers.get("Content-Type"),
                              await response.text());
    return response;
}

// The name that the last segment of an address stands for; of one that is not UTF-8, as it is.
function lastName(url) {
    const segment = url.pathname.replace(/\/$/, "").split("/").pop();
    try {
        return decodeURIComponent(segment);
    } catch (error) {
        return segment;
    }
}

function member(parent, name, isFolder) {
    return new URL("./" + encodeURIComponent(name) + (isFolder ? "/" : ""), parent);
}

function parentOf(url) {
    return new URL(url.pathname.endsWith("/") ? "../" : "./", url);
}

// Why a name cannot be, or "".
function nameComplaint(name) {
    if (!name)
        return "A name is needed.";
    if (name.includes("/"))
        return "A name cannot hold a slash.";
    if (name === "." || name === "..")
        return "This name means a folder already.";
    if (/[\u0000-\u001f\u007f]/.test(name) || (name.isWellFormed && !name.isWellFormed()))
        return "The name holds a character that cannot be shown.";
    if (new TextEncoder().encode(name).length > 255)
        return "The name is too long.";
    return "";
}

// 1234567 as "1.2 MB", as the listing has it.
function humanSize(bytes) {
    const units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    let unit = 0;
    while (bytes >= 999.5 && unit < units.length - 1) {
        bytes /= 1000;
        unit++;
    }
    return (unit && bytes < 9.95 ? bytes.toFixed(1) : Math.round(bytes)) + " " + units[unit];
}

function remember(key, value) {
    try {
        if (value === null)
            localStorage.removeItem(key);
        else
            localStorage.setItem(key, value);
    } catch (error) {
        // private windows may refuse: then nothing is remembered
    }
}

function recall(key) {
    try {
        return localStorage.getItem(key);
    } catch (error) {
        return null;
    }
}

// ---- Telling

const live = make("p", {class: "toast", role: "status", "aria-live": "polite"});
let liveTimer = 0;

function say(text) {
    clearTimeout(liveTimer);
    live.textContent = text;
    live.classList.add("shown");
    liveTimer = setTimeout(() => live.classList.remove("shown"), 5000);
}

async function tell(problem) {
    if (!(problem instanceof Problem))
        throw problem;
    await ask({title: problem.message, text: problem.advice, actions: [["close", "Close"]]});
}

// Runs what may fail; a failure is told, not thrown. Undefined then.
async function attempt(work) {
    try {
        return await work();
    } catch (problem) {
        await tell(problem);
        return undefined;
    }
}
