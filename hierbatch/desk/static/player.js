// Playback of takes: decoded once, started at any time, with the position to the millisecond.

import { audioPath, DeskError, notice } from "./api.js";

const KEPT = 48;
let context = null;
const cache = new Map();
let playing = null; // { source, startedAt, offset, buffer, row, take }
let ended = () => {};

export const onEnded = (act) => { ended = act; };
export const isPlaying = () => playing !== null;
export const playingRow = () => playing?.row ?? null;

function audioContext() {
  context ??= new AudioContext();
  if (context.state === "suspended") context.resume();
  return context;
}

/** Decoded audio of a take with the sample rate of its file. */
export function load(row, take) {
  const path = audioPath(row, take);
  if (!cache.has(path)) {
    cache.set(path, decode(path).catch((error) => { cache.delete(path); throw error; }));
    if (cache.size > KEPT) cache.delete(cache.keys().next().value);
  }
  return cache.get(path);
}

async function decode(path) {
  const response = await fetch(path);
  if (!response.ok) throw new DeskError("This take has no audio.");
  const bytes = await response.arrayBuffer();
  const rate = fileRate(new Uint8Array(bytes, 0, Math.min(64, bytes.byteLength)));
  const offline = new OfflineAudioContext(1, 1, 48000);
  return { buffer: await offline.decodeAudioData(bytes), rate };
}

/** Sample rate from the stream information of a FLAC file, or of a WAV header. */
function fileRate(head) {
  if (head[0] === 0x66 && head[1] === 0x4c) return (head[18] << 12) | (head[19] << 4) | (head[20] >> 4);
  return head[24] | (head[25] << 8) | (head[26] << 16);
}

export async function play(row, take, offset = 0) {
  stop();
  const token = {};
  playing = { token, row, take, offset, source: null };
  try {
    const { buffer } = await load(row, take);
    if (playing?.token !== token) return;
    const at = audioContext();
    const source = new AudioBufferSourceNode(at, { buffer });
    source.connect(at.destination);
    const startedAt = at.currentTime + 0.02;
    source.start(startedAt, Math.min(offset, buffer.duration));
    Object.assign(playing, { source, startedAt, buffer });
    source.onended = () => {
      if (playing?.token !== token) return;
      playing = null;
      ended(row, take);
    };
  } catch (error) {
    if (playing?.token === token) playing = null;
    notice(error.message || "This take cannot be played.", true);
    ended(null, null);
  }
}

export function stop() {
  const before = playing;
  playing = null;
  if (before?.source) {
    before.source.onended = null;
    before.source.stop();
  }
}

/** Seconds into the take that is playing; null while nothing plays. */
export function position() {
  if (!playing?.source) return null;
  const late = context.outputLatency || 0;
  const passed = Math.max(0, context.currentTime - playing.startedAt - late);
  return Math.min(playing.offset + passed, playing.buffer.duration);
}
