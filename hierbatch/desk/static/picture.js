// Waveform and spectrogram of a take with the times of its words, drawn in the colours of the page.

const WINDOW_S = 0.032;
const MAX_COLUMNS = 700;
const RANGE_DB = 66;
const AXIS = 40; // pixels on the left for the frequency axis of a tall picture
const TALL = 90;
const FOOT = 18; // pixels below for the words or the time axis

function fft(re, im) {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i += 1) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) { [re[i], re[j]] = [re[j], re[i]]; [im[i], im[j]] = [im[j], im[i]]; }
  }
  for (let size = 2; size <= n; size <<= 1) {
    const angle = (-2 * Math.PI) / size;
    for (let start = 0; start < n; start += size) {
      for (let k = 0; k < size / 2; k += 1) {
        const c = Math.cos(angle * k), s = Math.sin(angle * k);
        const a = start + k, b = a + size / 2;
        const x = re[b] * c - im[b] * s, y = re[b] * s + im[b] * c;
        re[b] = re[a] - x; im[b] = im[a] - y; re[a] += x; im[a] += y;
      }
    }
  }
}

/** Levels in dB below the maximum, 0 to 1, column by column, low frequencies first. */
export function spectrogram(samples, rate, maxHz, columns, rows) {
  const size = 2 ** Math.round(Math.log2(WINDOW_S * rate));
  const hann = Float32Array.from({ length: size }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / size));
  const hop = Math.max(1, (samples.length - size) / Math.max(1, columns - 1));
  const bins = Math.min(size / 2, Math.ceil((maxHz / rate) * size));
  const power = new Float32Array(columns * rows);
  let peak = 1e-12;
  const re = new Float32Array(size), im = new Float32Array(size);
  for (let column = 0; column < columns; column += 1) {
    const start = Math.max(0, Math.round(column * hop));
    for (let n = 0; n < size; n += 1) { re[n] = (samples[start + n] || 0) * hann[n]; im[n] = 0; }
    fft(re, im);
    for (let row = 0; row < rows; row += 1) {
      const first = Math.floor((row * bins) / rows), last = Math.max(first + 1, Math.floor(((row + 1) * bins) / rows));
      let sum = 0;
      for (let bin = first; bin < last; bin += 1) sum += re[bin] ** 2 + im[bin] ** 2;
      const value = sum / (last - first);
      power[column * rows + row] = value;
      peak = Math.max(peak, value);
    }
  }
  return power.map((value) => Math.max(0, 1 + (10 * Math.log10(value / peak + 1e-12)) / RANGE_DB));
}

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function rgb(color) {
  const probe = document.createElement("canvas").getContext("2d");
  probe.fillStyle = color;
  const hex = probe.fillStyle;
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

function prepare(canvas) {
  const { width, height } = canvas.getBoundingClientRect();
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  return { context, width, height, scale };
}

export function clear(canvas) {
  canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
}

const axisOf = (height) => (height > TALL ? AXIS : 0);

/** Time at a point of the picture, whose box is `box`. */
export function timeAt(x, box, duration) {
  const left = axisOf(box.height);
  return Math.max(0, Math.min(duration, ((x - left) / (box.width - left)) * duration));
}

/** Draw a take: waveform above, spectrogram below with its axis, and the words at their times. */
export function draw(canvas, { buffer, rate }, words) {
  const { context, width, height } = prepare(canvas);
  const samples = buffer.getChannelData(0), duration = buffer.duration;
  const left = axisOf(height), span = width - left, isTall = height > TALL;
  const waveHeight = isTall ? 34 : height - FOOT;
  const top = waveHeight + 4, spectrumHeight = isTall ? height - FOOT - top : 0;
  drawWave(context, samples, left, span, waveHeight);
  if (isTall) {
    drawSpectrum(context, samples, buffer.sampleRate, rate, left, top, span, spectrumHeight);
  }
  drawWords(context, words, duration, left, span, isTall ? top + spectrumHeight : waveHeight, height, isTall ? 0 : 4);
}

function drawWave(context, samples, left, span, height) {
  const n = Math.max(1, Math.floor(span / 2)), step = samples.length / n, middle = height / 2;
  let peak = 0.05;
  for (let i = 0; i < samples.length; i += 7) peak = Math.max(peak, Math.abs(samples[i]));
  context.fillStyle = css("--ink");
  context.globalAlpha = 0.62;
  for (let x = 0; x < n; x += 1) {
    let level = 0;
    for (let i = Math.floor(x * step); i < (x + 1) * step && i < samples.length; i += 3) level = Math.max(level, Math.abs(samples[i]));
    const half = Math.max(0.5, (level / peak) * (middle - 1));
    context.fillRect(left + x * 2, middle - half, 1.2, half * 2);
  }
  context.globalAlpha = 1;
}

function drawSpectrum(context, samples, bufferRate, fileRate, left, top, span, height) {
  const maxHz = Math.min(fileRate / 2, 12000), columns = Math.min(MAX_COLUMNS, Math.round(span)), rows = 64;
  const levels = spectrogram(samples, bufferRate, maxHz, columns, rows);
  const [r, g, b] = rgb(css("--ink"));
  const image = new ImageData(columns, rows);
  for (let column = 0; column < columns; column += 1) {
    for (let row = 0; row < rows; row += 1) {
      const at = ((rows - 1 - row) * columns + column) * 4;
      image.data.set([r, g, b, Math.round(230 * levels[column * rows + row] ** 2.2)], at);
    }
  }
  const copy = new OffscreenCanvas(columns, rows);
  copy.getContext("2d").putImageData(image, 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(copy, left, top, span, height);
  context.fillStyle = css("--soft");
  context.font = `12px ${css("--serif")}`;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const share of [0, 0.5, 1]) {
    const y = top + height * (1 - share);
    context.fillText(share === 1 ? `${maxHz / 1000} kHz` : `${(maxHz * share) / 1000}`, left - 5, Math.max(top + 5, Math.min(top + height - 5, y)));
  }
}

function drawWords(context, words, duration, left, span, bottom, height, top) {
  const doubt = css("--doubt"), soft = css("--soft");
  const at = (seconds) => left + (seconds / duration) * span;
  const spoken = words.filter(([, start, end]) => end > start);
  context.font = `13px ${css("--serif")}`;
  context.textBaseline = "alphabetic";
  context.textAlign = "left";
  for (const [, start, end, reason] of spoken.filter((word) => word[3])) {
    context.fillStyle = doubt;
    context.globalAlpha = 0.16;
    context.fillRect(at(start), top, at(end) - at(start), bottom - top);
    context.globalAlpha = 1;
  }
  const fits = ([text], n) => context.measureText(text).width < at(spoken[n + 1]?.[1] ?? duration) - at(spoken[n][1]) + 1;
  const isReadable = spoken.filter(fits).length > 0.8 * spoken.length;
  context.fillStyle = soft;
  if (!isReadable) return drawSeconds(context, duration, at, bottom, height);
  let free = -Infinity;
  for (const [text, start, , reason] of spoken) {
    if (at(start) < free) continue;
    context.fillStyle = reason ? doubt : soft;
    context.fillRect(at(start), bottom, 1, 4);
    context.fillText(text, at(start) + 2, height - 4);
    free = at(start) + context.measureText(text).width + 4;
  }
}

/** Time axis, where the words are too many to be written. */
function drawSeconds(context, duration, at, bottom, height) {
  const step = [0.5, 1, 2, 5, 10, 20].find((seconds) => at(seconds) - at(0) > 44) ?? 60;
  for (let seconds = 0; seconds < duration; seconds += step) {
    context.fillRect(at(seconds), bottom, 1, 4);
    if (at(seconds) - at(0) < at(duration) - at(0) - 24) context.fillText(seconds ? `${seconds}` : "0 s", at(seconds) + 3, height - 4);
  }
}

/** Draw the position on a canvas of its own, so that the picture is not drawn again. */
export function drawPosition(canvas, share) {
  const { context, width, height } = prepare(canvas);
  if (share === null) return;
  context.fillStyle = css("--accent");
  const left = axisOf(height);
  context.fillRect(left + share * (width - left) - 1, 0, 2, height - FOOT + 4);
}
