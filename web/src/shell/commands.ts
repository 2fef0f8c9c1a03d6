/** What became of commands to accounts' workers. */
import { api } from "../api/client.ts";
import type { Command } from "../api/types.ts";

const LOOK_MS = 400;
const LONGEST_MS = 30_000;

/** Asks until all have ended, or for half a minute; `tell` hears of each look. */
export async function follow(commands: Command[], tell: (commands: Command[]) => void): Promise<Command[]> {
  const end = Date.now() + LONGEST_MS;
  let found = commands;
  while (found.some((command) => !command.finished) && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    found = await Promise.all(
      found.map((command) => (command.finished ? command : api.get<Command>(`commands/${command.id}`))),
    );
    tell(found);
  }
  return found;
}
