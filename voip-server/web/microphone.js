// @ts-check
/**
 * Asks for the microphone, and says in plain words what keeps us from it.
 * @returns {Promise<string | null>} null where we have it
 */
export async function microphone() {
  if (!globalThis.isSecureContext || !navigator.mediaDevices) {
    return "Browsers give the microphone to secure pages only. Open this page by https, or as http://localhost.";
  }
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    for (const track of stream.getTracks()) track.stop();
    return null;
  } catch (error) {
    switch (error instanceof DOMException ? error.name : "") {
      case "NotAllowedError":
        return "The microphone is blocked for this page. Allow it by the icon beside the address, then try again.";
      case "NotFoundError":
        return "No microphone was found. Plug one in, then try again.";
      case "NotReadableError":
        return "Another program is using the microphone. Close it, then try again.";
      default:
        return "The microphone cannot be used. Check the settings of your system, then try again.";
    }
  }
}
