// Package subprocessorhttp serves the public page of a vendor list: the list,
// every version that was published, what changed between them, feeds, files
// and a subscription by mail.
//
// A [Site] is an http.Handler. Everything it shows of the list is rendered once
// by [New], so that a request copies bytes. Pages are HTML without JavaScript
// under a content security policy that permits nothing but their own style and
// forms. No part of a request is ever repeated in an answer.
//
//	/                     the list
//	/versions             every version, with its day and hash
//	/versions/3           one of them, and what changed
//	/versions/3.json      as JSON
//	/list.json /list.csv /list.md /signed.json /schema.json
//	/feed.atom /feed.json changes, the newest first
//	/dates.ics            dates that the caller gave
//	/subscribe            a form; it sends a link that has to be followed
//	/confirm /unsubscribe the links' pages; a button on them decides
package subprocessorhttp
