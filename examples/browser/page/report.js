"use strict";

// Shows what a check found. The page of the service has it, too.

const element = (id) => document.getElementById(id);

/** Creates an element with a class, and with texts or elements in it. Texts are never read as HTML. */
function make(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function button(text, label, action) {
  const made = make("button", "", text);
  made.type = "button";
  made.setAttribute("aria-label", label);
  made.addEventListener("click", () => action(made));
  return made;
}

/** Tells a screen reader what happened. */
function announce(text) {
  element("announcer").textContent = text;
}

function sizeText(bytes) {
  if (bytes < 1000) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  let value = bytes;
  let unit = "";
  for (unit of ["kB", "MB", "GB", "TB"]) {
    value /= 1000;
    if (value < 999.5) break;
  }
  return `${value.toFixed(value < 10 ? 1 : 0)} ${unit}`;
}

function durationText(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

const severities = { error: "Error", warning: "Warning", info: "Note" };

const SHOWN_OF_ONE_CODE = 5;

/** A location in a file. An entry of a dump is named as people know it, and by its number. */
function locationText(location) {
  return location.replace(/^entry (\d+) \(TABLE DATA (.+)\)$/, "table $2 (entry $1)");
}

function findingsOf(report) {
  const groups = new Map();
  for (const finding of report.findings ?? []) {
    const group = groups.get(finding.code) ?? [];
    group.push(finding);
    groups.set(finding.code, group);
  }
  if (groups.size === 0) return make("p", "quiet", "Nothing was found to be wrong.");
  const list = make("ul", "findings");
  for (const [code, group] of groups) {
    const count = Math.max(report.counts?.[code] ?? 0, group.length);
    list.append(findingItem(code, group, count));
  }
  return list;
}

function findingItem(code, group, count) {
  const [first] = group;
  const severity = make("span", `severity ${first.severity}`, severities[first.severity] ?? first.severity);
  const allowed = first.allowed ? " (allowed)" : "";
  const text = (finding) => (finding.location ? `${locationText(finding.location)}: ${finding.message}` : finding.message);
  const name = (first.name ?? "").replaceAll("-", " ");
  const item = make("li");
  if (count === 1) {
    const about = name ? make("b", "", ` ${name}: `) : " ";
    item.append(make("p", "", severity, `${allowed}:`, about, `${text(first)} `, make("code", "quiet", code)));
  } else {
    item.append(make("p", "", severity, `${allowed}, ${count} times: `, make("b", "", name), " ", make("code", "quiet", code)));
    const list = make("ul");
    for (const finding of group.slice(0, SHOWN_OF_ONE_CODE)) list.append(make("li", "", text(finding)));
    if (count > SHOWN_OF_ONE_CODE) list.append(make("li", "quiet", `and ${count - SHOWN_OF_ONE_CODE} more`));
    item.append(list);
  }
  if (first.help) item.append(make("p", "remedy", make("b", "", "What to do: "), first.help));
  return item;
}

/** The report of a problem that is described without one. */
function problem(message, help) {
  return { verdict: "reject", findings: [{ code: "", name: "", severity: "error", message, help }] };
}

/** The progress of a check as text. */
function checkProgressText({ readBytes, phase }, size, seconds) {
  const rate = readBytes / Math.max(0.001, seconds);
  const left = seconds > 2 && rate > 0 ? `, ${durationText((size - readBytes) / rate)} left` : "";
  return `${sizeText(Math.min(readBytes, size))} of ${sizeText(size)}${left}${phase ? `, ${phase}` : ""}`;
}
