// PixiJS's own Spritesheet, one request a line: {"sheets": [{"data", "size": [w, h]}, ...]}
//   -> {"frames": {name: {page, x, y, w, h, rotated, left, top, width, height}}, "animations": {name: [labels]}}
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

Object.defineProperty(globalThis, "navigator", { value: { userAgent: "node", platform: "" }, configurable: true });
globalThis.document ??= { createElement: () => ({ getContext: () => null, style: {} }) };
const { Spritesheet, Texture, TextureSource } = await import(
  pathToFileURL(`${process.env.GAMEFORGE_NODE_MODULES}/pixi.js/lib/index.mjs`).href
);

async function answer({ sheets }) {
  const frames = {};
  const animations = {};
  for (const [page, { data, size: [width, height] }] of sheets.entries()) {
    const texture = new Texture({ source: new TextureSource({ width, height, resolution: 1 }) });
    const sheet = new Spritesheet({ texture, data });
    await sheet.parse();
    for (const [name, { frame, orig, trim, rotate }] of Object.entries(sheet.textures)) {
      const turned = rotate === 2;
      frames[name] = {
        page, x: frame.x, y: frame.y, w: turned ? frame.height : frame.width, h: turned ? frame.width : frame.height, rotated: turned,
        left: trim ? trim.x : 0, top: trim ? trim.y : 0, width: orig.width, height: orig.height,
      };
    }
    for (const [name, textures] of Object.entries(sheet.animations)) animations[name] = textures.map((item) => item.label);
  }
  return { frames, animations };
}

for await (const line of createInterface({ input: process.stdin })) {
  let said;
  try {
    said = await answer(JSON.parse(line));
  } catch (error) {
    said = { error: String(error.stack) };
  }
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
