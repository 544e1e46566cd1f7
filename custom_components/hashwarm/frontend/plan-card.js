// The plan of a Hashwarm heater: expected temperature and target, watts, price, for the next 24 hours.

const WIDTH = { usual: 480, least: 240 };
const LABEL = 52;
const HEIGHT = 200;
const EDGE = { left: 34, right: 48, top: 10, bottom: 22 };
const SLOT_MS = 15 * 60 * 1000;
const REDRAW_MS = 60 * 1000;
const SVG = "http://www.w3.org/2000/svg";

const STYLE = `
  :host { display: block; }
  .name { padding: 12px 16px 0; font-size: 1.2em; color: var(--primary-text-color); }
  .told { padding: 4px 16px 0; min-height: 1.5em; color: var(--secondary-text-color); font-size: 0.9em; }
  .none { padding: 8px 16px 16px; color: var(--secondary-text-color); }
  svg { display: block; width: 100%; padding: 0 4px 8px; box-sizing: border-box; touch-action: pan-y; }
  text { font-size: 10px; fill: var(--secondary-text-color); }
  .grid { stroke: var(--divider-color); stroke-width: 1; }
  .watts { fill: var(--state-climate-heat-color, #ff8100); opacity: 0.45; }
  .room { fill: none; stroke: var(--primary-color); stroke-width: 2.5; stroke-linejoin: round; }
  .target { fill: none; stroke: var(--secondary-text-color); stroke-width: 1.2; stroke-dasharray: 4 3; }
  .price { fill: none; stroke: var(--success-color, #43a047); stroke-width: 1.2; }
  .price.guessed { stroke-dasharray: 3 3; opacity: 0.6; }
  .now, .pointed { stroke: var(--primary-text-color); stroke-width: 1; opacity: 0.6; }
  .legend { padding: 0 16px 12px; font-size: 0.8em; color: var(--secondary-text-color); }
  .legend i { display: inline-block; width: 12px; margin: 0 4px 3px 10px; vertical-align: middle; border-top: 3px solid; }
  .legend i.guessed { width: 20px; border-top-style: dashed; opacity: 0.6; }
`;

const element = (name, attributes = {}, text) => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
};

const block = (name, text = "") => {
  const made = document.createElement("div");
  made.className = name;
  made.textContent = text;
  return made;
};

// A plan of an older version tells of no guesses.
const guessed = (slot) => slot.price_known === false && Number.isFinite(slot.price);

const known = (values) => values.filter((value) => Number.isFinite(value));

const spanOf = (values, least) => {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const missing = Math.max(least - (high - low), 0) / 2;
  return [low - missing, high + missing];
};

class HashwarmPlanCard extends HTMLElement {
  static getStubConfig(hass) {
    const entity = Object.keys(hass.states).find((id) => Array.isArray(hass.states[id].attributes.plan));
    return { entity: entity ?? "" };
  }

  static getConfigForm() {
    return {
      schema: [
        { name: "entity", required: true, selector: { entity: { domain: "sensor", integration: "hashwarm" } } },
        { name: "title", selector: { text: {} } },
      ],
    };
  }

  setConfig(config) {
    if (!config.entity) throw new Error("Choose the planned power of a heater");
    this._config = config;
    this._drawn = undefined;
  }

  set hass(hass) {
    this._hass = hass;
    this._draw();
  }

  connectedCallback() {
    this._timer = setInterval(() => this._draw(), REDRAW_MS);
    this._sized = new ResizeObserver(() => this._draw());
    this._sized.observe(this);
  }

  disconnectedCallback() {
    clearInterval(this._timer);
    this._sized.disconnect();
  }

  getCardSize() {
    return 4;
  }

  getGridOptions() {
    return { columns: 12, min_columns: 6 };
  }

  _draw() {
    if (!this._hass || !this._config) return;
    const state = this._hass.states[this._config.entity];
    const minute = Math.floor(Date.now() / REDRAW_MS);
    // Drawn as wide as it is shown, so that the text is as large as any other.
    const width = Math.max(Math.round(this.clientWidth) || WIDTH.usual, WIDTH.least);
    const drawn = this._drawn;
    if (drawn && drawn.state === state && drawn.minute === minute && drawn.width === width) return;
    this._drawn = { state, minute, width };
    if (!this.shadowRoot) this.attachShadow({ mode: "open" });
    const card = document.createElement("ha-card");
    const style = document.createElement("style");
    style.textContent = STYLE;
    card.append(block("name", this._config.title ?? state?.attributes.friendly_name ?? this._config.entity));
    const plan = this._plan(state);
    if (plan.length > 1) this._chart(card, plan, width);
    else card.append(block("none", this._excuse(state)));
    this.shadowRoot.replaceChildren(style, card);
  }

  _excuse(state) {
    if (!state) return `There is no ${this._config.entity}.`;
    return "No plan yet. The planner gets to know the room first; until then the regulator keeps it warm.";
  }

  _plan(state) {
    const told = state?.attributes.plan;
    if (!Array.isArray(told)) return [];
    return told
      .map((slot) => ({ ...slot, at: Date.parse(slot.start) }))
      .filter((slot) => Number.isFinite(slot.at) && slot.at + SLOT_MS > Date.now());
  }

  _chart(card, plan, width) {
    const first = plan[0].at;
    const last = plan[plan.length - 1].at + SLOT_MS;
    const x = (at) => EDGE.left + ((at - first) / (last - first)) * (width - EDGE.left - EDGE.right);
    const along = (low, high) => (value) =>
      HEIGHT - EDGE.bottom - ((value - low) / (high - low)) * (HEIGHT - EDGE.top - EDGE.bottom);
    const [coldest, warmest] = spanOf(known(plan.flatMap((slot) => [slot.temperature, slot.target])), 2);
    const celsius = along(coldest - 0.3, warmest + 0.3);
    const most = Math.max(...known(plan.map((slot) => slot.power_w)), 1);
    const watts = along(0, most * 1.6);
    const svg = element("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img" });
    this._hours(svg, plan, x, width);
    for (const slot of plan) {
      if (!(slot.power_w > 0)) continue;
      const top = watts(slot.power_w);
      const size = { width: x(slot.at + SLOT_MS) - x(slot.at) - 0.4, height: HEIGHT - EDGE.bottom - top };
      svg.append(element("rect", { class: "watts", x: x(slot.at), y: top, ...size }));
    }
    this._temperatures(svg, coldest, warmest, celsius);
    svg.append(element("text", { x: width - EDGE.right + 4, y: watts(most) + 3 }, `${Math.round(most)} W`));
    svg.append(element("path", { class: "target", d: this._steps(plan, x, (slot) => celsius(slot.target)) }));
    const prices = known(plan.map((slot) => slot.price));
    const priced = prices.length === plan.length && Math.max(...prices) > Math.min(...prices);
    if (priced) {
      const price = along(...spanOf(prices, 0.001));
      for (const { name, slots, before } of this._stretches(plan)) {
        svg.append(element("path", { class: name, d: this._steps(slots, x, (slot) => price(slot.price), before) }));
      }
    }
    const ends = plan.map((slot) => `${x(slot.at + SLOT_MS).toFixed(1)} ${celsius(slot.temperature).toFixed(1)}`);
    svg.append(element("path", { class: "room", d: `M${ends.join("L")}` }));
    const now = x(Math.max(Date.now(), first));
    svg.append(element("line", { class: "now", x1: now, x2: now, y1: EDGE.top, y2: HEIGHT - EDGE.bottom }));
    const told = block("told", this._words(plan[0]));
    this._point(svg, plan, x, told, [first, last], width);
    card.append(told, svg, this._legend(priced ? prices : [], plan.some(guessed)));
  }

  _steps(slots, x, y, before = slots[0]) {
    const ways = slots.map((slot) => `V${y(slot).toFixed(1)}H${x(slot.at + SLOT_MS).toFixed(1)}`);
    return `M${x(slots[0].at).toFixed(1)} ${y(before).toFixed(1)}${ways.join("")}`;
  }

  // Prices that are known and prices that are guessed, in turn; each begins at the price before it.
  _stretches(plan) {
    const found = [];
    plan.forEach((slot, index) => {
      const name = guessed(slot) ? "price guessed" : "price";
      if (found.at(-1)?.name !== name) found.push({ name, slots: [], before: plan[index - 1] });
      found.at(-1).slots.push(slot);
    });
    return found;
  }

  _hours(svg, plan, x, width) {
    const every = [3, 6, 12].find((hours) => (24 / hours) * LABEL <= width - EDGE.left - EDGE.right) ?? 24;
    for (const { at } of plan) {
      const [hour, minute] = new Date(at).toLocaleTimeString("en-GB", { timeZone: this._zone }).split(":");
      if (minute !== "00" || Number(hour) % every) continue;
      svg.append(element("line", { class: "grid", x1: x(at), x2: x(at), y1: EDGE.top, y2: HEIGHT - EDGE.bottom }));
      svg.append(element("text", { x: x(at), y: HEIGHT - 8, "text-anchor": "middle" }, this._clock(at)));
    }
  }

  _temperatures(svg, coldest, warmest, y) {
    const step = warmest - coldest > 5 ? 2 : 1;
    for (let degrees = Math.ceil(coldest); degrees <= warmest; degrees += step) {
      svg.append(element("text", { x: EDGE.left - 4, y: y(degrees) + 3, "text-anchor": "end" }, this._degrees(degrees, 0)));
    }
  }

  _point(svg, plan, x, told, [first, last], width) {
    const line = element("line", { class: "pointed", y1: EDGE.top, y2: HEIGHT - EDGE.bottom, visibility: "hidden" });
    svg.append(line);
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      const share = (((event.clientX - box.left) / box.width) * width - EDGE.left) / (width - EDGE.left - EDGE.right);
      const at = first + Math.min(Math.max(share, 0), 0.9999) * (last - first);
      const slot = plan.findLast((each) => each.at <= at) ?? plan[0];
      for (const end of ["x1", "x2"]) line.setAttribute(end, x(slot.at + SLOT_MS / 2));
      line.setAttribute("visibility", "visible");
      told.textContent = this._words(slot);
    });
    svg.addEventListener("pointerleave", () => {
      line.setAttribute("visibility", "hidden");
      told.textContent = this._words(plan[0]);
    });
  }

  _words(slot) {
    const parts = [
      this._clock(slot.at),
      `${this._degrees(slot.temperature, 1)} (target ${this._degrees(slot.target, 1)})`,
      `${Math.round(slot.power_w)} W`,
      `outside ${this._degrees(slot.outdoor, 0)}`,
    ];
    if (Number.isFinite(slot.price)) {
      parts.push(`${slot.price.toFixed(3)} per kWh${guessed(slot) ? " (guessed from other days)" : ""}`);
    }
    return parts.join(" · ");
  }

  _legend(prices, guesses) {
    const legend = block("legend");
    const green = "var(--success-color, #43a047)";
    const marks = [
      ["expected in the room", "var(--primary-color)"],
      ["target", "var(--secondary-text-color)"],
      ["watts", "var(--state-climate-heat-color, #ff8100)"],
    ];
    if (prices.length) marks.push([this._span(prices), green]);
    if (prices.length && guesses) marks.push(["price guessed from other days", green, "guessed"]);
    for (const [text, colour, name = ""] of marks) {
      const mark = document.createElement("i");
      mark.className = name;
      mark.style.borderColor = colour;
      legend.append(mark, text);
    }
    return legend;
  }

  _degrees(celsius, digits) {
    const fahrenheit = this._hass.config.unit_system.temperature === "°F";
    return `${(fahrenheit ? celsius * 1.8 + 32 : celsius).toFixed(digits)}°`;
  }

  _span(prices) {
    const [low, high] = [Math.min(...prices), Math.max(...prices)].map((price) => price.toFixed(2));
    return `price, ${low} to ${high} per kWh`;
  }

  // The person's choice: the clock of the house, or that of the browser.
  get _zone() {
    return this._hass.locale?.time_zone === "local" ? undefined : this._hass.config.time_zone;
  }

  _clock(at) {
    const cycle = { 12: "h12", 24: "h23" }[this._hass.locale?.time_format];
    const language = this._hass.locale?.time_format === "system" ? undefined : this._hass.language;
    const shown = { hour: "2-digit", minute: "2-digit", timeZone: this._zone, ...(cycle && { hourCycle: cycle }) };
    return new Date(at).toLocaleTimeString(language, shown);
  }
}

if (!customElements.get("hashwarm-plan-card")) {
  customElements.define("hashwarm-plan-card", HashwarmPlanCard);
  window.customCards = window.customCards ?? [];
  window.customCards.push({
    type: "hashwarm-plan-card",
    name: "Hashwarm plan",
    description: "What a heater's planner expects of the next 24 hours",
    documentationURL: "https://github.com/hashwarm/hashwarm/blob/main/docs/planner.md",
  });
}
