// Takes the page anew now and then, and puts its parts in the place of the old ones. Asked by no
// person, so it does not keep the session alive; when that is over, the page to sign in comes.
"use strict";
(() => {
  const EVERY = 15000;
  const LIMIT = 10000; // ms for an answer

  // What somebody is about to use stays as it is.
  const inUse = (part) => part.contains(document.activeElement) || part.querySelector("details[open]") !== null;

  function replace(fresh) {
    for (const part of document.querySelectorAll("[data-live]")) {
      const other = fresh.getElementById(part.id);
      if (other && !inUse(part)) part.replaceWith(document.importNode(other, true));
    }
  }

  function refresh() {
    const request = new XMLHttpRequest(); // it reads a document without a string of HTML in a script
    request.responseType = "document";
    request.timeout = LIMIT;
    request.onload = () => {
      const fresh = request.responseXML;
      if (request.status === 200 && fresh && fresh.getElementById("now")) replace(fresh);
      else if (request.status === 200) location.assign("/auth/login");
      else stale();
    };
    request.onerror = request.ontimeout = stale;
    request.onloadend = () => setTimeout(wait, EVERY);
    request.open("GET", location.pathname + location.search);
    request.setRequestHeader("Accept", "text/html");
    request.setRequestHeader("OTS-Refresh", "1");
    request.send();
  }

  function stale() {
    document.getElementById("stale").hidden = false;
  }

  // Nobody looks at a hidden page.
  function wait() {
    if (!document.hidden) return refresh();
    document.addEventListener("visibilitychange", wait, { once: true });
  }

  setTimeout(wait, EVERY);
})();
