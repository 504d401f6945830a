// Phaser's own texture parsers, one request a line on standard input, one answer a line: no browser, no game.
// {"kind": "hash" | "array" | "unity" | "sheet" | "aseprite", "data", "sizes": [[w, h], ...], "config"}
//   -> {"frames": {name: {page, x, y, w, h, rotated, left, top, width, height}}, "animations"}
const folder = `${process.env.GAMEFORGE_NODE_MODULES}/phaser/src`;
const Frame = require(`${folder}/textures/Frame.js`);
const parsers = Object.fromEntries(
  ["JSONHash", "JSONArray", "UnityYAML", "SpriteSheet"].map((name) => [name, require(`${folder}/textures/parsers/${name}.js`)]),
);

function textureOf(sizes) {
  const texture = { key: "atlas", frames: Object.create(null), customData: {}, source: sizes.map(([width, height]) => ({ width, height, resolution: 1 })) };
  texture.add = (name, index, x, y, w, h) => {
    if (texture.frames[name]) return null; // as Phaser: the second frame of a name is dropped
    return (texture.frames[name] = new Frame(texture, name, index, x, y, w, h));
  };
  texture.has = (name) => name in texture.frames;
  texture.getFrameNames = () => Object.keys(texture.frames).filter((name) => name !== "__BASE");
  return texture;
}

function animationsOf(data, texture) {
  const made = {};
  const manager = {
    game: { cache: { json: { get: () => data } } },
    textureManager: { get: () => texture },
    anims: { has: () => false },
    exists: () => false,
    create: (config) => ((made[config.key] = { frames: config.frames.map((frame) => [frame.frame, frame.duration]), yoyo: !!config.yoyo }), true),
  };
  globalThis.window ??= globalThis;
  globalThis.document ??= { documentElement: {}, createElement: () => ({ getContext: () => null, style: {} }) };
  globalThis.HTMLVideoElement ??= class {};
  globalThis.Image ??= class {};
  const Manager = require(`${folder}/animations/AnimationManager.js`);
  Manager.prototype.createFromAseprite.call(manager, "atlas");
  return made;
}

function answer({ kind, data, sizes, config }) {
  const texture = textureOf(sizes);
  let animations;
  if (kind === "multi") data.textures.forEach((page, index) => parsers.JSONArray(texture, index, page));
  else if (kind === "hash") parsers.JSONHash(texture, 0, data);
  else if (kind === "array") parsers.JSONArray(texture, 0, data);
  else if (kind === "unity") parsers.UnityYAML(texture, 0, data);
  else if (kind === "sheet") parsers.SpriteSheet(texture, 0, 0, 0, sizes[0][0], sizes[0][1], config);
  else if (kind === "aseprite") {
    parsers.JSONHash(texture, 0, data);
    animations = animationsOf(data, texture);
  }
  const frames = {};
  for (const [name, frame] of Object.entries(texture.frames)) {
    if (name === "__BASE") continue;
    frames[name] = {
      page: frame.sourceIndex, x: frame.cutX, y: frame.cutY, w: frame.cutWidth, h: frame.cutHeight, rotated: frame.rotated,
      left: frame.x, top: frame.y, width: frame.realWidth, height: frame.realHeight,
    };
  }
  return { frames, animations };
}

require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  let said;
  try {
    said = answer(JSON.parse(line));
  } catch (error) {
    said = { error: String(error.stack) };
  }
  process.stdout.write(`${JSON.stringify(said)}\n`);
});
