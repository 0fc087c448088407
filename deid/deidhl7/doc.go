// Package deidhl7 applies a policy to HL7 v2 messages.
package deidhl7
