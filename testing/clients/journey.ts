// Compiled, not run: what a program may write against the types that were generated from the schema, and what not.

import type { components, operations, paths } from "./api";

type Schemas = components["schemas"];
type Bodies<Name extends keyof operations> = NonNullable<operations[Name]["requestBody"]>["content"];
type Feed = paths["/api/newsfeeds/"]["get"]["responses"][200]["content"]["application/json"];
type TooMany = operations["tweets_create"]["responses"][429];

export const text: Bodies<"tweets_create">["application/json"] = { content: "Text alone" };
export const withPhoto: Bodies<"tweets_create">["multipart/form-data"] = { content: "Look at this", files: ["…"] };
export const withoutAvatar: Bodies<"profiles_update">["application/json"] = { avatar: null };

// @ts-expect-error: a photo does not travel as JSON.
export const photoAsJson: Bodies<"tweets_create">["application/json"] = { content: "Look at this", files: ["…"] };
// @ts-expect-error: an avatar does not travel as JSON, it can only be taken away.
export const avatarAsJson: Bodies<"profiles_update">["application/json"] = { avatar: "…" };
// @ts-expect-error: a tweet says something.
export const silence: Bodies<"tweets_create">["application/json"] = {};
// @ts-expect-error: nothing but tweets and comments is liked.
export const liked: Bodies<"likes_create">["application/json"] = { content_type: "user", object_id: 1 };
// @ts-expect-error: no such code.
export const code: Schemas["ErrorCode"] = "something_else";

export function newest(feed: Feed): Schemas["Tweet"] | undefined {
  return feed.results[0]?.tweet;
}

export function nameOf(tweet: Schemas["Tweet"]): string {
  // @ts-expect-error: an author may be gone.
  tweet.user.username;
  return tweet.user?.nickname ?? tweet.user?.username ?? "somebody";
}

export function secondsToWait(answer: TooMany, error: Schemas["Error"]): number {
  return error.code === "throttled" ? (answer.headers["Retry-After"] ?? 1) : 0;
}
