import { toast } from "./dom.js";

export class ApiError extends Error {}

export async function api(path, { method = "GET", body, keepalive = false } = {}) {
  let response;
  try {
    response = await fetch(`/api/${path}`, {
      method,
      keepalive,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new ApiError("GameForge does not answer. It may have been stopped; start it again.");
  }
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(answer?.error ?? `The server answered ${response.status}.`);
  return answer;
}

// Send files; FastAPI reads them from a form.
export async function upload(path, form) {
  let response;
  try {
    response = await fetch(`/api/${path}`, { method: "POST", body: form });
  } catch {
    throw new ApiError("GameForge does not answer. It may have been stopped; start it again.");
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(answer?.error ?? `The server answered ${response.status}.`);
  return answer;
}

// Do something for a click: an error becomes a sentence on the page.
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    toast(error.message);
    if (!(error instanceof ApiError)) throw error;
    return undefined;
  }
}
