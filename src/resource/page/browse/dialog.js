// SPDX-License-Identifier: MIT
// Questions, as dialog elements: the browser keeps the focus inside and Escape closes them.

let dialogCount = 0;

// The first action is what Enter does; a dialog that is dismissed gives null.
// content: a node to show; onopen: called when it is shown; check: complaint about the form, or "".
function ask({title, text, content, actions, check, onopen, kind}) {
    return new Promise((resolve) => {
        const id = "dialog-" + ++dialogCount;
        const complaint = make("p", {class: "complaint", role: "alert"});
        const buttons = actions.map(([value, label, look], i) =>
            make("button", {type: i ? "button" : "submit", class: look || (i ? "" : "primary"),
                            value, onclick: i ? () => finish(value) : null}, label));
        const form = make("form", {onsubmit: submit}, make("h2", {id}, title),
                          text ? make("p", {}, text) : null, content || null, complaint,
                          make("div", {class: "buttons"}, ...buttons));
        const dialog = make("dialog", {"aria-labelledby": id, class: kind || "", onclose: closed},
                            form);
        const before = document.activeElement, place = focusPlace();
        let answer = null;

        function finish(value) {
            answer = value;
            dialog.close();
        }
        function submit(event) {
            event.preventDefault();
            complaint.textContent = check ? check() : "";
            if (!complaint.textContent)
                finish(actions[0][0]);
        }
        function closed() {
            dialog.remove();
            if (before && before.isConnected)
                before.focus();
            else // the rows were made anew
                focusRow((entry) => entry.url.href === place);
            resolve(answer);
        }
        document.body.append(dialog);
        dialog.showModal();
        if (onopen)
            onopen(dialog);
    });
}

// Until no dialog is open: a question that nobody is waiting for interrupts nobody.
async function noDialog() {
    for (let open; (open = document.querySelector("dialog[open]"));)
        await new Promise((resolve) => open.addEventListener("close", resolve, {once: true}));
}

// Asks for a name; null when dismissed.
async function askName(title, label, button, value, isTaken) {
    const input = make("input", {type: "text", value, autocomplete: "off", spellcheck: "false",
                                 maxlength: "255", required: true});
    const answer = await ask({
        title,
        content: make("label", {}, label, input),
        actions: [["ok", button], ["", "Cancel"]],
        check: () => nameComplaint(input.value) ||
            (input.value !== value && isTaken && isTaken(input.value)
                ? "There is something with this name already." : ""),
        onopen: () => {
            const dot = value.lastIndexOf(".");
            input.focus();
            input.setSelectionRange(0, dot > 0 ? dot : value.length);
        },
    });
    return answer === "ok" && input.value !== value ? input.value : null;
}

// A menu of [label, icon, action] beside a button; on a phone it comes up from below.
function openMenu(button, title, items) {
    const choices = items.map(([label, icon, action]) =>
        make("button", {type: "button", role: "menuitem", class: "icon-text " + icon,
                        onclick: () => { dialog.close(); action(); }}, label));
    const dialog = make("dialog", {class: "menu", "aria-label": title, onkeydown: move,
                                   onclose: () => { dialog.remove(); },
                                   onclick: (e) => { if (e.target === dialog) dialog.close(); }},
                        make("div", {role: "menu"}, make("p", {"aria-hidden": "true"}, title),
                             ...choices));
    function move(event) {
        const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
        if (!step)
            return;
        const at = choices.indexOf(document.activeElement);
        event.preventDefault();
        choices[(at + step + choices.length) % choices.length].focus();
    }
    document.body.append(dialog);
    dialog.showModal();
    const from = button.getBoundingClientRect();
    const size = dialog.getBoundingClientRect();
    dialog.style.setProperty("--x", Math.max(8, from.right - size.width) + "px");
    dialog.style.setProperty("--y", Math.max(8, Math.min(from.bottom + 4,
                             innerHeight - size.height - 8)) + "px");
}

function showHelp() {
    const keys = [["\u2191 \u2193", "Go from row to row"], ["Enter", "Open"],
                  ["Space", "Preview"], ["/", "Search"],
                  ...(writable ? [["F2", "Rename"], ["M", "Move"], ["Delete", "Delete"],
                                  ["N", "New folder"], ["U", "Upload"]] : []),
                  ["Escape", "Close, or end the search"], ["?", "This help"]];
    return ask({title: "Keyboard", actions: [["close", "Close"]],
                content: make("dl", {class: "keys"}, ...keys.flatMap(([key, what]) =>
                    [make("dt", {}, ...key.split(" ").map((k) => make("kbd", {}, k))),
                     make("dd", {}, what)]))});
}
