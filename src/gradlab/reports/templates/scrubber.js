"use strict";
// Pictures over steps: every figure.scrubber of the page runs by itself; see gradlab.reports.pictures.
(() => {
  const SETTINGS = {{ settings }};
  const LAST = SETTINGS.levels - 1;
  const FRAME_MS = 250, CALM_FRAME_MS = 1000; // whoever asked for less motion gets one frame a second
  const CELL_PX = 12, LEAST_MATRIX_PX = 72, LEAST_BAR_PX = 200; // CSS pixels: a cell at most, a matrix and a bar at least
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  let onPaper = false;

  // A colour as canvases store it: red in the lowest byte.
  const packed = (hex) => (0xff000000 | (parseInt(hex.slice(4, 6), 16) << 16) | (parseInt(hex.slice(2, 4), 16) << 8) | parseInt(hex.slice(0, 2), 16)) >>> 0;
  const maps = {};
  for (const [name, text] of Object.entries(SETTINGS.maps)) {
    maps[name] = Uint32Array.from({ length: SETTINGS.levels }, (_, k) => packed(text.slice(6 * k, 6 * k + 6)));
  }
  const mapOf = (grid) => maps[grid.isSigned ? (dark.matches && !onPaper ? "diverging-dark" : "diverging") : "viridis"];

  function shown(value) {
    if (value === 0) return "0";
    const size = Math.abs(value);
    const text = size >= 1e5 || size < 1e-4 ? value.toExponential(2).replace("e+", "e") : String(Number(value.toPrecision(3)));
    return text.replace(/-/g, "\u2212");
  }

  // The ends of a scale for what spans least..most; null where nothing is finite.
  function ends(grid, least, most) {
    if (least === null) return null;
    const largest = Math.max(Math.abs(least), Math.abs(most));
    return grid.isSigned ? [-largest, largest] : [least, most];
  }
  const frameEnds = (grid, frame) => ends(grid, grid.least[frame], grid.most[frame]);
  function fixedEnds(grid) {
    const found = grid.least.map((_, k) => k).filter((k) => grid.least[k] !== null);
    if (!found.length) return null;
    return ends(grid, Math.min(...found.map((k) => grid.least[k])), Math.max(...found.map((k) => grid.most[k])));
  }

  // index -> value by the frame's own scale -> colour by the scale in use.
  function lookup(grid, own, used) {
    const colours = mapOf(grid), table = new Uint32Array(256).fill(packed(SETTINGS.notFiniteColour));
    for (let index = 0; own && index <= LAST; index += 1) {
      const value = own[0] + ((own[1] - own[0]) * index) / LAST;
      const share = used[1] > used[0] ? (value - used[0]) / (used[1] - used[0]) : 0.5;
      table[index] = colours[Math.round(LAST * Math.min(1, Math.max(0, share)))];
    }
    return table;
  }

  // The sheet's indices; piece p of frame k is row p * frames + k.
  async function decoded(grid) {
    const image = new Image();
    image.src = grid.sheet;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    const colours = context.getImageData(0, 0, canvas.width, canvas.height).data;
    delete grid.sheet; // the text is no longer needed
    return Uint8Array.from({ length: colours.length / 4 }, (_, k) => colours[4 * k]);
  }

  // Where each pixel of a frame goes in the picture.
  function places(grid) {
    const wide = grid.shape[1], found = new Int32Array(grid.tiles * grid.high * grid.wide);
    let next = 0;
    for (let tile = 0; tile < grid.tiles; tile += 1) {
      const top = Math.floor(tile / grid.columns) * (grid.high + grid.gap), left = (tile % grid.columns) * (grid.wide + grid.gap);
      for (let y = 0; y < grid.high; y += 1) {
        for (let x = 0; x < grid.wide; x += 1) found[next++] = (top + y) * wide + left + x;
      }
    }
    return found;
  }

  function draw(part, frame, frames, perFrame) {
    const { grid } = part, own = frameEnds(grid, frame), used = perFrame ? own : part.fixed;
    const table = lookup(grid, own, used), width = Math.min(SETTINGS.sheetWidth, part.places.length);
    const pixels = new Uint32Array(part.data.data.buffer);
    for (let start = 0, row = frame; start < part.places.length; start += width, row += frames) {
      const length = Math.min(width, part.places.length - start), from = row * width;
      for (let k = 0; k < length; k += 1) pixels[part.places[start + k]] = table[part.sheet[from + k]];
    }
    part.picture.getContext("2d").putImageData(part.data, 0, 0);
    for (const line of part.lines) line.setAttribute("d", grid.lines[frame]);

    const bar = part.bar.getContext("2d"), strip = bar.createImageData(SETTINGS.levels, 1);
    new Uint32Array(strip.data.buffer).set(mapOf(grid));
    bar.putImageData(strip, 0, 0);
    const texts = used ? [shown(used[0]), used[0] < 0 && used[1] > 0 && grid.isSigned ? "0" : "", shown(used[1])] : ["", "", ""];
    part.ends.forEach((end, k) => { end.textContent = texts[k]; });
    const lost = grid.lost[frame] ? `${grid.lost[frame].toLocaleString("en")} not finite, grey` : "";
    const span = own ? `this step ${shown(grid.least[frame])} to ${shown(grid.most[frame])}` : "";
    part.span.textContent = [span, lost].filter(Boolean).join("; ");
  }

  // Whole pixels of the screen for every pixel of the picture, unless that wastes a quarter of the room.
  function fit(part) {
    const [high, wide] = part.grid.shape, ratio = window.devicePixelRatio || 1, room = part.box.clientWidth;
    const most = part.grid.isImage ? Infinity : CELL_PX * ratio;
    const whole = (scale) => (Math.floor(scale) >= 0.75 * scale ? Math.floor(scale) : scale);
    const across = whole(Math.min(most, (room * ratio) / wide));
    // the cells of a matrix need not be square: a few rows are drawn higher
    const down = part.grid.isImage ? across : Math.max(across, Math.floor(Math.min(most, (LEAST_MATRIX_PX * ratio) / high)));
    part.picture.style.width = `${(across * wide) / ratio}px`;
    part.picture.style.aspectRatio = `${across * wide} / ${down * high}`;
    part.scale.style.width = `${Math.max((across * wide) / ratio, Math.min(room, LEAST_BAR_PX))}px`;
  }

  async function start(figure) {
    const { words, grids } = JSON.parse(figure.querySelector(".scrub-data").textContent);
    const slider = figure.querySelector(".scrub-slider"), play = figure.querySelector(".scrub-play");
    const scale = figure.querySelector(".scrub-scale"), now = figure.querySelector(".scrub-now");
    const parts = [...figure.querySelectorAll(".scrub-grid")].map((box) => {
      const grid = grids[Number(box.dataset.grid)], picture = box.querySelector(".scrub-picture");
      [picture.height, picture.width] = grid.shape;
      return {
        grid, box, picture, fixed: fixedEnds(grid), places: places(grid), data: new ImageData(grid.shape[1], grid.shape[0]),
        scale: box.querySelector(".scrub-legend"), bar: box.querySelector(".scrub-bar"), ends: [...box.querySelectorAll(".scrub-ends span")], span: box.querySelector(".scrub-span"),
        lines: box.querySelectorAll(".scrub-boundary"),
      };
    });
    const last = words.length - 1;
    let frame = last, perFrame = false, timer = 0;

    function show(wanted) {
      frame = Math.min(last, Math.max(0, wanted));
      slider.value = frame;
      slider.setAttribute("aria-valuetext", words[frame]);
      now.textContent = words[frame];
      for (const part of parts) draw(part, frame, words.length, perFrame);
    }
    const fitAll = () => parts.forEach(fit);
    function stop() {
      clearInterval(timer);
      timer = 0;
      play.textContent = "Play";
    }
    function advance() {
      show(frame + 1);
      if (frame === last) stop();
    }
    function begin() {
      if (frame === last) show(0);
      timer = setInterval(advance, calm.matches ? CALM_FRAME_MS : FRAME_MS);
      play.textContent = "Pause";
    }

    for (const part of parts) part.sheet = await decoded(part.grid);
    fitAll();
    show(last);
    play.addEventListener("click", () => (timer ? stop() : begin()));
    scale.addEventListener("click", () => {
      perFrame = !perFrame;
      scale.setAttribute("aria-pressed", String(perFrame));
      show(frame);
    });
    slider.addEventListener("input", () => {
      stop();
      show(Number(slider.value));
    });
    // The slider knows these keys itself; here they work from the buttons too.
    figure.addEventListener("keydown", (event) => {
      const wanted = { ArrowLeft: frame - 1, ArrowRight: frame + 1, Home: 0, End: last }[event.key];
      if (wanted === undefined || event.target === slider || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      stop();
      show(wanted);
    });
    for (const part of parts) part.picture.addEventListener("click", () => slider.focus());
    dark.addEventListener("change", () => show(frame));
    window.addEventListener("resize", fitAll);
    let before = { frame, perFrame };
    window.addEventListener("beforeprint", () => { // the last frame, in light colours
      stop();
      before = { frame, perFrame };
      [onPaper, perFrame] = [true, false];
      show(last);
    });
    window.addEventListener("afterprint", () => {
      [onPaper, perFrame] = [false, before.perFrame];
      show(before.frame);
    });
    figure.dataset.ready = "yes"; // for whoever waits for the pictures
  }
  for (const figure of document.querySelectorAll("figure.scrubber")) start(figure);
})();
