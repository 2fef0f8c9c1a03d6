import type { Status } from "../api/types.ts";

/** What may be halted or flattened, as the API names it. */
export function scopes(status: Status | null): { value: string; title: string }[] {
  return [
    { value: "all", title: "Everything" },
    ...(status?.accounts ?? []).map(({ name }) => ({ value: `account:${name}`, title: `Account ${name}` })),
    ...(status?.deployments ?? []).map(({ name }) => ({ value: `deployment:${name}`, title: `Deployment ${name}` })),
  ];
}

/** Whether something of a deployment in an account lies in the scope. */
export function inScope(scope: string, account: string, deployment: string): boolean {
  return scope === "all" || scope === `account:${account}` || scope === `deployment:${deployment}`;
}

/** What has to be typed, or sent, to confirm. */
export function confirmation(scope: string): string {
  return scope.slice(scope.indexOf(":") + 1);
}
