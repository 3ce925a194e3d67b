// Words and figures of a page, in its language.
"use strict";
const figures = (() => {
  const language = document.documentElement.lang;
  const words = JSON.parse(document.getElementById("words").textContent);

  // A sentence with its values; one that depends on a number is a list of them, from 0 on.
  function say(name, values = {}, count = 0) {
    const sentence = Array.isArray(words[name]) ? words[name][count] : words[name];
    return sentence.replace(/\{(\w+)\}/g, (_, key) => values[key]);
  }

  function inUnit(value, unit, unitDisplay = "short") {
    return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay, maximumFractionDigits: 1 }).format(value);
  }

  function size(bytes) {
    if (bytes < 1000) return inUnit(bytes, "byte", "long");
    let value = bytes;
    for (const unit of ["kilobyte", "megabyte", "gigabyte", "terabyte"]) {
      value /= 1000;
      if (value < 999.5 || unit === "terabyte") return inUnit(value, unit);
    }
  }

  function duration(seconds) {
    let rest = Math.max(0, Math.round(seconds));
    const parts = [];
    for (const [length, unit] of [[86400, "day"], [3600, "h"], [60, "min"], [1, "s"]]) {
      const count = Math.floor(rest / length);
      rest -= count * length;
      if (count && parts.length < 2) parts.push(unit === "day" ? inUnit(count, unit, "long") : say(unit, { count }));
    }
    return parts.join(" ") || say("s", { count: 0 });
  }

  function moment(told) {
    return new Date(told).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
  }

  return { duration, moment, say, size };
})();
