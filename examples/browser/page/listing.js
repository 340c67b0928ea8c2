"use strict";

// What stays of a list of backups, until when and why, with a calendar.

/** Policies in words; any other can be written. */
const policies = [
  ["mendix-cloud", "Mendix Cloud"],
  ["mendix-cloud-2021", "Mendix Cloud (2021)"],
  ["mendix-on-azure", "Mendix on Azure"],
  ["squidex", "Squidex"],
  ["squidex-quota", "Squidex, with its quota"],
  ["platformsh-basic", "Upsun, basic"],
  ["platformsh-advanced", "Upsun, advanced"],
  ["platformsh-premium", "Upsun, premium"],
];

/** More decisions are folded. */
const OPEN_DECISIONS = 10;
/** Still more decisions are in the report only. */
const SHOWN_DECISIONS = 2000;

/** An instant in the time zone of the plan. */
function instantText(at, zone) {
  if (!at) return "";
  try {
    const options = { dateStyle: "medium", timeStyle: "short", timeZone: zone };
    return new Intl.DateTimeFormat(undefined, options).format(new Date(at));
  } catch {
    return at;
  }
}

function reasonsText({ reasons, guards }) {
  const rules = reasons.map(({ rule, rank }) => (rank ? `${rule} (number ${rank})` : rule));
  return [...rules, ...guards.map((guard) => (guard === "no-rules" ? "the policy has no rules" : `held: ${guard}`))].join(", ");
}

/** Creates a cell. On a narrow screen the label is shown, and the role keeps it a cell for screen readers. */
function cell(label, ...content) {
  const made = make("td", "", ...content);
  made.setAttribute("role", "cell");
  made.dataset.label = label;
  return made;
}

/** The first decisions, the others folded, so that a long list does not hide what follows it. */
function decisionsOf({ plan }) {
  const { decisions, zone } = plan;
  const made = [make("div", "scroll", decisionsTable("Decisions", decisions.slice(0, OPEN_DECISIONS), zone))];
  const folded = decisions.slice(OPEN_DECISIONS, SHOWN_DECISIONS);
  if (folded.length > 0) {
    const summary = make("summary", "", countText(folded.length, "more decision", "more decisions"));
    made.push(make("details", "", summary, make("div", "scroll", decisionsTable("More decisions", folded, zone))));
  }
  const left = decisions.length - SHOWN_DECISIONS;
  if (left > 0) made.push(make("p", "quiet", `and ${left.toLocaleString()} more, which the report has`));
  return made;
}

function decisionsTable(label, decisions, zone) {
  const table = make("table");
  table.setAttribute("role", "table");
  table.setAttribute("aria-label", label);
  const head = make("tr");
  head.setAttribute("role", "row");
  for (const title of ["Backup", "Taken", "Decision", "Until", "Why"]) {
    const made = make("th", "", title);
    made.scope = "col";
    made.setAttribute("role", "columnheader");
    head.append(made);
  }
  const rows = make("tbody");
  rows.setAttribute("role", "rowgroup");
  const header = make("thead", "", head);
  header.setAttribute("role", "rowgroup");
  for (const decision of decisions) {
    const id = make("th", "", String(decision.id));
    id.scope = "row";
    id.setAttribute("role", "rowheader");
    if (decision.group) id.append(make("code", "", decision.group));
    const keeps = make("span", decision.keep ? "stay" : "go", decision.keep ? "stays" : "goes");
    const until = decision.keep ? instantText(decision.expires_at, zone) || "no date" : "now";
    const row = make(
      "tr",
      "",
      id,
      cell("Taken", instantText(decision.taken_at, zone)),
      cell("Decision", keeps),
      cell("Until", until),
      cell("Why", reasonsText(decision) || "no rule keeps it"),
    );
    row.setAttribute("role", "row");
    rows.append(row);
  }
  table.append(header, rows);
  return table;
}

/** The choice of the policy and the zone; `again` plans anew with both. */
function planForm(answer, again) {
  const form = make("form");
  const select = make("select");
  select.id = "policy";
  for (const [value, text] of policies) {
    const option = make("option", "", text);
    option.value = value;
    select.append(option);
  }
  const own = make("option", "", "Another, written out");
  own.value = "";
  select.append(own);
  const isKnown = policies.some(([value]) => value === answer.policy);
  select.value = isKnown ? answer.policy : "";
  const written = make("input");
  written.id = "written-policy";
  written.type = "text";
  written.value = isKnown ? "" : answer.policy;
  written.placeholder = "restic:daily=7,weekly=4,monthly=12";
  written.spellcheck = false;
  const zone = make("input");
  zone.id = "zone";
  zone.type = "text";
  zone.value = answer.plan.zone ?? "";
  zone.setAttribute("list", "zones");
  zone.spellcheck = false;
  const zones = make("datalist");
  zones.id = "zones";
  for (const name of ["UTC", ...(Intl.supportedValuesOf?.("timeZone") ?? [])]) {
    const option = make("option");
    option.value = name;
    zones.append(option);
  }
  const labelled = (text, control) => {
    const label = make("label", "", text);
    label.htmlFor = control.id;
    return make("p", "", label, control);
  };
  const writtenField = labelled("Options of the policy", written);
  const show = () => {
    writtenField.hidden = select.value !== "";
  };
  select.addEventListener("change", show);
  show();
  const submit = make("button", "", "Plan again");
  submit.type = "submit";
  form.append(labelled("Policy", select), writtenField, labelled("Time zone", zone), zones, make("p", "", submit));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    again({ policy: select.value || written.value, zone: zone.value || null });
  });
  return form;
}

function showListing(chosen, answer, again, policyOfMarkup) {
  const { plan } = answer;
  const stay = plan.decisions.filter(({ keep }) => keep).length;
  const outcome = `${stay} of ${countText(plan.decisions.length, "backup", "backups")} ${stay === 1 ? "stays" : "stay"}`;
  const picture = make("figure", "picture");
  const drawn = new DOMParser().parseFromString(policyOfMarkup.createHTML(answer.picture), "image/svg+xml").documentElement;
  if (drawn.namespaceURI === SVG) {
    drawn.setAttribute("role", "img");
    drawn.setAttribute("aria-label", `Calendar of the backups: ${outcome}. The table of decisions has the same days.`);
    picture.append(document.importNode(drawn, true));
  }
  picture.tabIndex = 0;
  const findings = answer.warnings?.length ? [make("h3", "", "About the list"), findingsOf({ findings: answer.warnings })] : [];
  return {
    outcome,
    parts: [
      make("p", "outcome", outcome),
      factsOf([
        ["Kind", `a list of backups of ${answer.format}`],
        ["Policy", answer.policy],
        ["Time zone", plan.zone],
      ]),
      planForm(answer, again),
      ...findings,
      make("h3", "", "Calendar"),
      picture,
      make("h3", "", "Decisions"),
      ...decisionsOf(answer),
      make("p", "actions", saveJson(`${chosen.name}.plan.json`, plan)),
    ],
  };
}
