// Package breach
package breach
