// The page at /: renders a picture and shows which trace it was. No text of a request ever becomes markup.
#pragma once

namespace spillway::mandelbrot {

inline constexpr const char* kPage = R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mandelbrot, three clouds</title>
<style>
  :root { color-scheme: light dark; --line: #8886; --accent: #3b6fd4; }
  body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem; }
  h1 { font-size: 1.3rem; margin: 0 0 .2rem; }
  p.lead { margin: 0 0 1.2rem; opacity: .75; }
  main { display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: flex-start; }
  figure { margin: 0; flex: 1 1 30rem; }
  img { width: 100%; height: auto; background: #000; aspect-ratio: 480 / 300; object-fit: contain; cursor: zoom-in; border-radius: 6px; }
  figcaption { font-size: .85rem; opacity: .75; }
  form { display: grid; grid-template-columns: auto 1fr; gap: .4rem .8rem; flex: 1 0 17rem; }
  label { align-self: center; } input, select, button { font: inherit; padding: .15rem .4rem; width: 100%; box-sizing: border-box; }
  button { grid-column: 1 / -1; background: var(--accent); color: #fff; border: 0; border-radius: 6px; padding: .45rem; cursor: pointer; }
  button:disabled { opacity: .5; cursor: progress; }
  #result { grid-column: 1 / -1; border-top: 1px solid var(--line); margin-top: .6rem; padding-top: .6rem; font-size: .9rem; }
  code { word-break: break-all; } table { border-collapse: collapse; width: 100%; } td { border-top: 1px solid var(--line); padding: .15rem 0; }
  td:last-child { text-align: right; font-variant-numeric: tabular-nums; }
</style>
</head>
<body>
<h1>Mandelbrot, three clouds</h1>
<p class="lead">One picture, one tile from each cloud, one trace.</p>
<main>
  <figure>
    <img id="picture" alt="the Mandelbrot set">
    <figcaption>Click to zoom in, with shift to zoom out.</figcaption>
  </figure>
  <form id="form">
    <label for="width">width</label><input id="width" type="number" min="1" max="900" value="480">
    <label for="height">height</label><input id="height" type="number" min="1" max="700" value="300">
    <label for="iterations">iterations</label><input id="iterations" type="number" min="1" max="1200" value="180">
    <label for="centreX">centre x</label><input id="centreX" type="number" step="any" value="-0.5">
    <label for="centreY">centre y</label><input id="centreY" type="number" step="any" value="0">
    <label for="zoom">zoom</label><input id="zoom" type="number" step="any" min="0.1" value="1">
    <label for="colours">colours</label>
    <select id="colours"><option>classic</option><option>fire</option><option>grey</option></select>
    <button id="go">Render</button>
    <div id="result" role="status">not rendered yet</div>
  </form>
</main>
<script>
  const byId = id => document.getElementById(id);
  const make = (tag, text, parent) => { const e = document.createElement(tag); e.textContent = text; parent.append(e); return e; };
  const fields = ["width", "height", "iterations", "centreX", "centreY", "zoom"];
  function show(answer, status) {
    const box = byId("result");
    box.replaceChildren();
    if (answer.error) {
      make("strong", status + " " + answer.error, box);
      for (const problem of answer.problems || []) make("div", problem, box);
      return;
    }
    if (answer.picture) byId("picture").src = answer.picture;
    make("strong", answer.status + ", " + Math.round(answer.durationMs) + " ms", box);
    const trace = make("div", "trace ", box);
    make("code", answer.traceId, trace).id = "trace";
    if (!answer.sampled) make("div", "not sampled: no span leaves the service", box);
    const table = make("table", "", box);
    for (const stage of answer.stages) {
      const row = make("tr", "", table);
      make("td", stage.cloud + (stage.inPlace ? " (here)" : ""), row);
      make("td", stage.status === "complete" ? Math.round(stage.durationMs) + " ms" : stage.status, row);
    }
  }
  async function render() {
    const wanted = { colours: byId("colours").value };
    for (const name of fields) wanted[name] = Number(byId(name).value);
    byId("go").disabled = true;
    try {
      const reply = await fetch("api/render", {
        method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(wanted) });
      show(await reply.json(), reply.status);
    } catch (error) {
      show({ error: String(error) }, "");
    }
    byId("go").disabled = false;
  }
  byId("form").addEventListener("submit", event => { event.preventDefault(); render(); });
  byId("picture").addEventListener("click", event => {
    const box = event.target.getBoundingClientRect();
    const width = Number(byId("width").value), height = Number(byId("height").value);
    const zoom = Number(byId("zoom").value), scale = Math.min(box.width / width, box.height / height);
    const step = 3 / zoom / width / scale;
    byId("centreX").value = Number(byId("centreX").value) + (event.clientX - box.left - box.width / 2) * step;
    byId("centreY").value = Number(byId("centreY").value) + (event.clientY - box.top - box.height / 2) * step;
    byId("zoom").value = event.shiftKey ? zoom / 2 : zoom * 2;
    render();
  });
  render();
</script>
</body>
</html>
)html";

}  // namespace spillway::mandelbrot
