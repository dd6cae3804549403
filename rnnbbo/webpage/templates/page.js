"use strict";
(() => {
  const ROWS = 50;
  const element = id => document.getElementById(id);
  const make = (tag, text, className) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  };
  const config = wide => ({
    responsive: true,
    displaylogo: false,
    displayModeBar: wide && innerWidth > 640 ? "hover" : false,
    modeBarButtonsToRemove: ["select2d", "lasso2d"],
  });
  const drawn = new Map();    // id of a chart -> what is drawn of it, as text
  const wanted = new Map();   // id of a chart -> what is to be drawn of it
  const linear = new Set();   // charts whose logarithmic axis was turned off, or on
  let brushed = null;         // rows that the brushes keep; null for all

  // Charts are drawn when they come near to the window, all of them to be printed.
  const near = new IntersectionObserver(entries => {
    for (const entry of entries) if (entry.isIntersecting) draw(entry.target.id);
  }, {rootMargin: "600px"});

  function draw(id) {
    const chart = wanted.get(id);
    if (!chart || drawn.get(id) === chart.text) return;
    drawn.set(id, chart.text);
    const {data, layout, height, wide} = JSON.parse(chart.text);
    if (linear.has(id)) layout.yaxis.type = layout.yaxis.type === "log" ? "linear" : "log";
    if (linear.has(id)) delete layout.yaxis.range;
    const box = element(id);
    box.style.minHeight = `${height}px`;
    Plotly.react(box, data, {...layout, height}, config(wide));
    if (id === "chart-parallel" && !box.dataset.listens) {
      box.dataset.listens = "yes";
      box.on("plotly_restyle", brush);
    }
    if (id === "chart-parallel") brush();
  }

  function drawAll() {
    for (const id of wanted.keys()) draw(id);
  }

  function brush() {
    const box = element("chart-parallel");
    const kept = box.data[0].dimensions.filter(one => one.constraintrange);
    const inside = (value, range) => (Array.isArray(range[0]) ? range : [range])
      .some(([low, high]) => value >= low && value <= high);
    brushed = kept.length
      ? new Set(box.layout.meta.rows.filter((_, i) => kept.every(one => inside(one.values[i], one.constraintrange))))
      : null;
    first = 0;
    showTable();
  }

  function figure(chart) {
    const made = make("figure", undefined, chart.wide ? "wide" : "");
    const caption = make("figcaption", chart.title);
    made.append(caption);
    if (chart.log) {
      const label = make("label");
      const box = make("input");
      box.type = "checkbox";
      box.checked = chart.layout.yaxis.type === "log";
      box.id = `log-${chart.id}`;
      box.addEventListener("change", () => {
        const type = JSON.parse(wanted.get(chart.id).text).layout.yaxis.type;
        if ((type === "log") === box.checked) linear.delete(chart.id);
        else linear.add(chart.id);
        drawn.delete(chart.id);
        draw(chart.id);
      });
      label.append(box, " logarithmic");
      caption.append(label);
    }
    const box = make("div", undefined, "chart");
    box.id = chart.id;
    box.style.minHeight = `${chart.height}px`;
    box.style.minWidth = `${chart.least_width}px`;
    const around = make("div", undefined, "scroll");
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", `${chart.title}. ${chart.note}`);
    around.append(box);
    made.append(around, make("p", chart.note, "note"));
    near.observe(box);
    return made;
  }

  function showParts(parts) {
    const list = element("parts");
    const contents = [["answer", "Answer"], ...parts.map(part => [part.id, part.title]), ["trials", "Trials"]];
    element("contents").replaceChildren(...contents.map(([id, title]) => {
      const link = make("a", title);
      link.href = `#${id}`;
      const item = make("li");
      item.append(link);
      return item;
    }));
    for (const box of list.children) {
      if (!parts.some(part => part.id === box.id)) box.remove();
    }
    parts.forEach((part, place) => {
      let section = element(part.id);
      const ids = part.charts.map(chart => chart.id).join();
      if (section && section.dataset.charts !== ids) {
        section.remove();
        section = null;
      }
      if (!section) {
        section = make("section");
        section.id = part.id;
        section.dataset.charts = ids;
        const charts = make("div", undefined, "charts");
        for (const chart of part.charts) {
          drawn.delete(chart.id);
          charts.append(figure(chart));
        }
        section.append(make("h2", part.title), make("div"), charts);
      }
      section.children[1].replaceChildren(...part.text.map(text => make("p", text)));
      if (list.children[place] !== section) list.insertBefore(section, list.children[place] || null);
      for (const chart of part.charts) {
        const box = element(chart.id);
        box.setAttribute("aria-label", `${chart.title}. ${chart.note}`);
        box.closest("figure").firstChild.firstChild.textContent = chart.title;
        box.closest("figure").lastChild.textContent = chart.note;
        wanted.set(chart.id, {text: JSON.stringify(chart)});
        if (drawn.has(chart.id)) draw(chart.id);
      }
    });
  }

  function showAnswer(answer, model) {
    element("headline").textContent = answer.headline;
    const point = make("dl", undefined, "point");
    for (const [name, value] of answer.point) {
      const pair = make("div");
      pair.append(make("dt", name), make("dd", value));
      point.append(pair);
    }
    element("point").replaceChildren(point);
    element("reasons").replaceChildren(...answer.parts.map(part => {
      const box = make("div");
      const items = make("ul");
      for (const text of part.items) {
        const command = text.startsWith("$ ");
        const item = make("li", command ? undefined : text, command ? "plain" : "");
        if (command) item.append(make("span", text.slice(2), "command"));
        items.append(item);
      }
      box.append(make("h3", part.title), items);
      return box;
    }));
    element("model").textContent = model;
  }

  // The table: sorted and filtered here, a page of rows at a time.
  let table = {columns: [], best: null};
  let order = {column: 0, down: false};
  let first = 0;
  const filters = new Map();  // name of a column -> what was typed

  function keeps(column, typed) {
    const text = typed.trim().toLowerCase();
    const range = text.match(/^(-?[\d.e+-]+?)\.\.(-?[\d.e+-]+)$/);
    const compared = text.match(/^(<=|>=|<|>|=)\s*(-?[\d.e+-]+)$/);
    if (column.numeric && range && isFinite(range[1]) && isFinite(range[2])) {
      return value => value !== null && value >= +range[1] && value <= +range[2];
    }
    if (column.numeric && compared && isFinite(compared[2])) {
      const bound = +compared[2];
      const tests = {"<": v => v < bound, ">": v => v > bound, "<=": v => v <= bound, ">=": v => v >= bound, "=": v => v === bound};
      return value => value !== null && tests[compared[1]](value);
    }
    if (column.numeric && text !== "" && isFinite(text)) return value => value !== null && value === +text;
    return value => shown(value).toLowerCase().includes(text);
  }

  const shown = value => value === null ? "" : typeof value === "number" ? String(+value.toPrecision(6)) : value;

  function rows() {
    const count = table.columns.length ? table.columns[0].values.length : 0;
    const tests = table.columns.filter(column => filters.get(column.name))
      .map(column => [column.values, keeps(column, filters.get(column.name))]);
    const any = element("find").value.trim().toLowerCase();
    const found = [];
    for (let row = 0; row < count; row++) {
      if (brushed && !brushed.has(row)) continue;
      if (!tests.every(([values, test]) => test(values[row]))) continue;
      if (any && !table.columns.some(column => shown(column.values[row]).toLowerCase().includes(any))) continue;
      found.push(row);
    }
    const column = table.columns[order.column];
    if (!column) return found;
    const sign = order.down ? -1 : 1;
    const values = column.values;
    const compare = column.numeric ? (a, b) => a - b : (a, b) => a < b ? -1 : a > b ? 1 : 0;
    return found.sort((a, b) => {
      if (values[a] === null || values[b] === null) return (values[a] === null) - (values[b] === null) || a - b;
      return sign * compare(values[a], values[b]) || a - b;
    });
  }

  function showHead() {
    const names = make("tr");
    const inputs = make("tr", undefined, "filters");
    table.columns.forEach((column, place) => {
      const head = make("th");
      head.scope = "col";
      const button = make("button", column.name);
      button.type = "button";
      button.addEventListener("click", () => {
        order = {column: place, down: order.column === place ? !order.down : false};
        first = 0;
        showTable();
      });
      head.append(button);
      names.append(head);
      const cell = make("th");
      const input = make("input");
      input.type = "search";
      input.autocomplete = "off";
      input.setAttribute("aria-label", `Filter ${column.name}`);
      input.value = filters.get(column.name) || "";
      input.addEventListener("input", () => {
        filters.set(column.name, input.value);
        first = 0;
        showTable();
      });
      cell.append(input);
      inputs.append(cell);
    });
    element("table").tHead.replaceChildren(names, inputs);
  }

  function showTable() {
    const found = rows();
    const count = table.columns.length ? table.columns[0].values.length : 0;
    first = Math.max(0, Math.min(first, found.length - 1));
    first -= first % ROWS;
    const heads = element("table").tHead.rows[0]?.cells || [];
    for (let place = 0; place < heads.length; place++) {
      const sorted = place === order.column ? (order.down ? "descending" : "ascending") : "none";
      heads[place].setAttribute("aria-sort", sorted);
      const mark = sorted === "none" ? "" : order.down ? " ▼" : " ▲";
      heads[place].firstChild.textContent = table.columns[place].name + mark;
    }
    const states = table.columns.find(column => column.name === "state");
    element("table").tBodies[0].replaceChildren(...found.slice(first, first + ROWS).map(row => {
      const made = make("tr");
      const state = states.values[row];
      made.className = row === table.best ? "best" : state === "failed" ? "failed" : state === "not feasible" ? "infeasible" : "";
      for (const column of table.columns) {
        const text = shown(column.values[row]);
        const name = column.numeric ? "number" : text.length > 40 ? "long" : "";
        made.append(make("td", text, name));
      }
      return made;
    }));
    const last = Math.min(first + ROWS, found.length);
    element("count").textContent = found.length === count ? `${count} trials` : `${found.length} of ${count} trials`;
    element("page").textContent = found.length ? `${first + 1} to ${last} of ${found.length}` : "none";
    element("before").disabled = first === 0;
    element("after").disabled = last >= found.length;
  }

  element("find").addEventListener("input", () => { first = 0; showTable(); });
  element("before").addEventListener("click", () => { first -= ROWS; showTable(); });
  element("after").addEventListener("click", () => { first += ROWS; showTable(); });
  element("clear").addEventListener("click", () => {
    filters.clear();
    element("find").value = "";
    const box = element("chart-parallel");
    if (brushed && box) {
      // Drawn anew: the library keeps brushes through restyling.
      brushed = null;
      Plotly.purge(box);
      delete box.dataset.listens;
      drawn.delete(box.id);
      draw(box.id);
    }
    first = 0;
    showHead();
    showTable();
  });

  let heads = "";

  function show(content) {
    document.title = content.title;
    element("title").textContent = content.title;
    element("about").textContent = content.about;
    showAnswer(content.answer, content.model);
    table = content.table;
    showParts(content.parts);
    const names = JSON.stringify(table.columns.map(column => column.name));
    if (names !== heads) {
      heads = names;
      order = {column: 0, down: false};
      showHead();
    }
    showTable();
  }

  const given = JSON.parse(element("content").textContent);
  if (given.content) show(given.content);
  element("status").textContent = given.status;
  // On paper charts are made smaller as they are: nothing is laid out anew meanwhile.
  window.addEventListener("beforeprint", () => {
    drawAll();
    for (const id of drawn.keys()) {
      const box = element(id);
      const width = box.closest("figure").className ? 690 : 330;
      box.style.zoom = Math.min(1, width / box.clientWidth);
    }
  });
  window.addEventListener("afterprint", () => {
    for (const id of drawn.keys()) element(id).style.zoom = "";
  });

  // The live page asks its server, and nobody else, for what has changed.
  if (given.live) {
    const token = new URLSearchParams(location.search).get("token") || "";
    let have = given.version;
    let since = null;
    const again = async () => {
      let wait = 1000;
      if (document.visibilityState !== "hidden") {
        try {
          const query = new URLSearchParams({have, token});
          const reply = await fetch(`data?${query}`, {cache: "no-store"});
          const found = await reply.json();
          if (!reply.ok) throw new Error(found.error);
          since = null;
          wait = found.wait;
          if (found.content) {
            show(found.content);
            have = found.version;
          }
          element("status").textContent = found.error ? `${found.error} What is shown is of before.` : `Live: ${found.status}`;
          element("status").classList.toggle("lost", Boolean(found.error));
        } catch (error) {
          since = since || new Date().toLocaleTimeString();
          element("status").textContent = `No answer since ${since}: what is shown is of then. Is rnnbbo study serve still running?`;
          element("status").classList.add("lost");
          wait = 3000;
        }
      }
      setTimeout(again, wait);
    };
    again();
  }
})();
